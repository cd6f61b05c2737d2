/* SPDX-License-Identifier: Apache-2.0 */
/* What functions refuse, and what they yield: control-plane.md §3.3. */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "kv/base/json.h"

TestSuite(template_functions, .init = fixture_setup, .fini = fixture_teardown, .timeout = 60);

#define USAGE " Please see https://aka.ms/arm-template-expressions for usage details."

static const struct {
    const char *expression, *reason;
} refused[] = {
    /* recorded */
    { "[nonexistent()]", "The template function 'nonexistent' is not valid." USAGE },
    { "[empty(100)]",
      "The template function 'empty' expects its parameter to be an object, an array, "
      "or a string. The provided value is of type 'Integer'. Please see "
      "https://aka.ms/arm-template-expressions#empty for usage details." },
    { "[toObject(createArray())]",
      "Unable to evaluate template language function 'toObject': function requires between 2 and 3 "
      "argument(s) while 1 were provided. Please see "
      "https://aka.ms/arm-resource-functions/#toObject for usage details." },
    { "[base64ToString(concat(base64('abc'), '@'))]",
      "The template language function 'base64ToString' was invoked with a parameter that is not "
      "valid. The value cannot be decoded from base64 representation." },
    { "[bool('sdf')]", "The template language function 'bool' was invoked with a parameter that is "
                       "not valid. The value cannot be converted to the target type." },
    { "[dataUriToString('Hi 0!')]",
      "The template language function 'dataUriToString' expects its parameter to be formatted as a "
      "valid data URI. The provided value 'Hi 0!' was not formatted correctly. Please see "
      "https://aka.ms/arm-functions#dataUriToString for usage details." },
    { "[dateTimeAdd(dateTimeFromEpoch(1680224438), 'PTASDIONS1D')]",
      "The template function 'dateTimeAdd' has an invalid parameter. The second parameter "
      "'PTASDIONS1D' is not a valid ISO8601 Duration string. Please see "
      "https://aka.ms/arm-syntax-functions ." },
    { "[less(1, 'foo')]",
      "The template language function 'less' expects two parameters of matching types. The "
      "function "
      "was invoked with values of type 'Integer' and 'String' that do not match." },
    { "[format('->{123}<-', 123)]",
      "Unable to evaluate language function 'format': the format is invalid: 'Index (zero based) "
      "must "
      "be greater than or equal to zero and less than the size of the argument list.'. Please see "
      "https://aka.ms/arm-function-format for usage details." },
    { "[int('asdf')]",
      "The template language function 'int' cannot convert provided value 'asdf' to "
      "integer value. Please see https://aka.ms/arm-function-int for usage details." },
    { "[uri('github.com', 'Azure/bicep')]",
      "The template language function 'uri' expects its first argument to be a uri string. The "
      "provided value is 'github.com'. Please see https://aka.ms/arm-function-datauri for usage "
      "details." },
    { "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'vnet', '10.0.0.0/25')]",
      "Unable to evaluate template language function 'resourceId': function requires exactly one "
      "multi-segmented argument which must be resource type including resource provider namespace. "
      "Current function arguments 'Microsoft.Network/virtualNetworks/subnets,vnet,10.0.0.0/25'. "
      "Please "
      "see https://aka.ms/arm-resource-functions/#resourceid for usage details." },
    { "[resourceId('Microsoft.Network/applicationGateways/httpListeners', 'a')]",
      "Unable to evaluate template language function 'resourceId': the type "
      "'Microsoft.Network/applicationGateways/httpListeners' requires '2' resource name "
      "argument(s). "
      "Please see https://aka.ms/arm-resource-functions/#resourceid for usage details." },
    { "[copyIndex()]", "The template function 'copyIndex' is not expected at this location. The "
                       "function can only be used in a resource with copy specified. Please see "
                       "https://aka.ms/arm-copy for usage details." },
    { "[subscription().nothing]",
      "The language expression property 'nothing' doesn't exist, available properties are 'id, "
      "subscriptionId, tenantId'." },
    { "[createArray(1)[1]]", "The language expression property array index '1' is out of bounds." },
    { "[managementGroup().name]", "The template function 'MANAGEMENTGROUP' is not expected at this "
                                  "location." USAGE },
    /* ours, in the same manner */
    { "[newGuid()]", "The template function 'newGuid' is not expected at this location." USAGE },
    { "[utcNow()]", "The template function 'utcNow' is not expected at this location." USAGE },
    { "[parameters('nothing')]", "The template parameter 'nothing' is not found." },
    { "[variables('nothing')]", "The template variable 'nothing' is not found." },
    { "[pickZones('a', 'b', 'c')]", "'pickZones' is not supported here" },
    { "[providers('Microsoft.KeyVault')]", "'providers' is not supported here" },
    { "[fail('so it is')]", "so it is" },
    { "[toUpper(1)]", "The template function 'toUpper' expects its parameter to be a string. The "
                      "provided value is of type 'Integer'." },
    { "[substring('abc', 2, 2)]", "must refer to a location within the string" },
    { "[substring('abc', -1)]", "must refer to a location within the string" },
    { "[substring('\xF0\x9F\x98\x80', 1)]", "would cut a character in two" },
    { "[padLeft('a', 9000000)]", "expects a length from 0" },
    { "[replace('a', '', 'b')]", "not empty" },
    { "[concat('a', createArray('b'))]", "expects all of its parameters to be arrays" },
    { "[concat(createArray('b'), 'a')]", "expects all of its parameters to be arrays" },
    { "[div(1, 0)]", "cannot divide by zero" },
    { "[mod(1, 0)]", "cannot divide by zero" },
    { "[mul(9007199254740992, 2)]", "beyond what template numbers hold" },
    { "[add(9007199254740992, 1)]", "beyond what template numbers hold" },
    { "[max(1, 'a')]", "expects integers" },
    { "[min(createArray())]", "not empty" },
    { "[range(0, 10001)]", "expects a count from 0 to 10000" },
    { "[range(2147483647, 1)]", "expects a count from 0 to 10000" },
    { "[createObject('a')]", "expects an even number of parameters" },
    { "[createObject(1, 2)]", "expects strings as the names" },
    { "[union(createArray(), createObject())]", "of the same type" },
    { "[contains('foo', createObject())]", "expects a string to look for" },
    { "[split('a', 1)]", "to be an array or a string" },
    { "[if('true', 1, 2)]", "to be a boolean" },
    { "[and(true(), 1)]", "to be a boolean" },
    { "[map(createArray(1), 'x')]", "expects a lambda" },
    { "[lambda('x', 1)]", "is not expected at this location" },
    { "[lambdaVariables('x')]", "The lambda variable 'x' is not found." },
    { "[filter(createArray(1), lambda('x', 1))]", "expects a lambda that yields a boolean" },
    { "[sort(createArray(1, 2), lambda('a', 'b', add(1, 1)))]", "yields a boolean" },
    { "[toObject(createArray(1), lambda('x', 1))]", "yields strings as names" },
    { "[json('{')]", "cannot be parsed by the function" },
    { "[base64ToString('AA==')]", "cannot be decoded" }, /* a NUL */
    { "[base64ToString('gA==')]", "cannot be decoded" }, /* no UTF-8 */
    { "[uriComponentToString('%80')]", "expects escapes that make UTF-8" },
    { "[format('{')]", "the format is invalid: 'Input string was not in a correct format.'" },
    { "[format('}')]", "the format is invalid" },
    { "[format('{0:Q}', 1)]", "Format specifier was invalid." },
    { "[format('{-1}', 1)]", "the format is invalid" },
    { "[format('{0,99999999}', 1)]", "the format is invalid" },
    { "[dateTimeAdd('yesterday', 'P1D')]", "is not a valid ISO8601 date" },
    { "[dateTimeAdd('9999-12-31T00:00:00Z', 'P9D')]", "the years 1970 to 9999" },
    { "[dateTimeFromEpoch(-1)]", "of the years 1970 to 9999" },
    { "[dateTimeAdd('2020-01-01', 'P1D', 'Q')]", "in the form 'Q'" },
    { "[dateTimeAdd('2020-01-01', 'P1D', 'ffffffff ')]", "in the form 'ffffffff '" },
    { "[dateTimeAdd('2020-01-01', 'P1D', 'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF ')]",
      "in the form 'FFFF" },
    { "[parseCidr('10.0.0.0')]", "expects a network" },
    { "[parseCidr('10.0.0.0/33')]", "expects a network" },
    { "[cidrSubnet('10.0.0.0/16', 24, 256)]", "has no network of '24' bits at index '256'" },
    { "[cidrSubnet('10.0.0.0/16', 8, 0)]", "has no network" },
    { "[cidrHost('10.0.0.0/30', 2)]", "has no host at index '2'" },
    { "[reference('nothing')]", "The resource 'nothing' is not defined in the template." },
    { "[contoso.nothing()]", "The template function 'contoso.nothing' is not valid." },
};

Test(template_functions, refuse_what_they_cannot_take)
{
    for (size_t i = 0; i < KV_COUNT(refused); i++) {
        char *made = fixture_evaluate(refused[i].expression);

        cr_expect_null(made, "%s is %s", refused[i].expression, made);
        cr_expect(strstr(fixture_reason, refused[i].reason) != NULL, "%s: '%s' is not in '%s'",
                  refused[i].expression, refused[i].reason, fixture_reason);
        free(made);
    }
}

static const struct {
    const char *expression, *json;
} yielded[] = {
    /* the vectors of §3.3 */
    { "[guid('a', 'b', 'c')]", "\"a98fa280-e03f-5afa-8d8e-92d0a9c201e8\"" },
    { "[guid('test')]", "\"d6a5baf1-8b9b-542a-8525-2982f1f98a0c\"" },
    { "[guid('fhir-cmk-role')]", "\"4e2a2a43-b25a-5f00-96bc-82aff26bf5db\"" },
    { "[uniqueString('hello', 'world')]", "\"a7wkljktk6wne\"" },
    { "[uniqueString('tyeth')]", "\"zcztcwvu6iyg6\"" },
    { "[uniqueString('test')]", "\"rbgf3xv4ufgzg\"" },
    { "[uniqueString('')]", "\"aaaaaaaaaaaaa\"" },
    { "[uniqueString('abcdefgh')]", "\"q7ncvd5x2rx4e\"" },
    { "[uniqueString('abcdefghi')]", "\"zignisl6otg3u\"" },
    { "[uniqueString('asd', 'asdf', 'asdf')]", "\"iizpqit7ih3cc\"" },
    /* lexis */
    { "plain", "\"plain\"" },
    { "[[doubled]", "\"[doubled]\"" },
    { "[open", "\"[open\"" },
    { "[[open", "\"[[open\"" },
    { "['it''s']", "\"it's\"" },
    { "[ concat( 'a' , 'b' ) ]", "\"ab\"" },
    { "[CONCAT('a', 'b')]", "\"ab\"" },
    { "[-5]", "-5" },
    { "[resourceGroup().LOCATION]", "\"westus3\"" },
    { "[resourceGroup()['location']]", "\"westus3\"" },
    { "[createArray('a', 'b')[1]]", "\"b\"" },
    { "[environment().suffixes.keyvaultDns]", "\".vault.azure.net\"" },
    { "[deployment().name]", "\"d1\"" },
    { "[subscription().tenantId]", "\"t1\"" },
    /* texts */
    { "[concat()]", "\"\"" },
    { "[concat('a', 1, true(), null())]", "\"a1True\"" },
    { "[concat(createArray('a'), createArray('b', 1))]", "[\"a\",\"b\",1]" },
    { "[string(createObject('a', createArray(1, 'b')))]", "\"{\\\"a\\\":[1,\\\"b\\\"]}\"" },
    { "[string(5)]", "\"5\"" },
    { "[toLower('ÄBC')]", "\"äbc\"" },
    { "[toUpper('straße')]", "\"STRAßE\"" },
    { "[trim('  a b\t ')]", "\"a b\"" },
    { "[trim('   ')]", "\"\"" },
    { "[substring('one two three', 4, 3)]", "\"two\"" },
    { "[substring('äöü', 1)]", "\"öü\"" },
    { "[substring('abc', 3)]", "\"\"" },
    { "[replace('123-123-1234', '123', 'xxxx')]", "\"xxxx-xxxx-xxxx4\"" },
    { "[split('one,two,three', ',')]", "[\"one\",\"two\",\"three\"]" },
    { "[split('one;two,three', createArray(',', ';'))]", "[\"one\",\"two\",\"three\"]" },
    { "[split('', ',')]", "[\"\"]" },
    { "[join(createArray('a', 'b', 3), ', ')]", "\"a, b, 3\"" },
    { "[join(createArray(), ', ')]", "\"\"" },
    { "[padLeft('123', 10, '0')]", "\"0000000123\"" },
    { "[padLeft(7, 3)]", "\"  7\"" },
    { "[padLeft('abc', 2)]", "\"abc\"" },
    { "[startsWith('abcdef', 'AB')]", "true" },
    { "[endsWith('abcdef', 'EF')]", "true" },
    { "[endsWith('f', 'ef')]", "false" },
    { "[indexOf('abcdef', 'CD')]", "2" },
    { "[indexOf('test', '')]", "0" },
    { "[indexOf('äbc', 'c')]", "2" },
    { "[lastIndexOf('test', 't')]", "3" },
    { "[lastIndexOf('test', 'x')]", "-1" },
    { "[indexOf(createArray('a', 'b', 'a'), 'a')]", "0" },
    { "[lastIndexOf(createArray('a', 'b', 'a'), 'a')]", "2" },
    { "[format('{0}-{1}', 'a', 1)]", "\"a-1\"" },
    { "[format('{0,5}|{0,-5}|{{{0}}}', 'ab')]", "\"   ab|ab   |{ab}\"" },
    { "[format('{0:D4} {0:X} {0:x4} {0:N0} {0:N} {0:F1} {0:P0}', 1234)]",
      "\"1234 4D2 04d2 1,234 1,234.00 1234.0 123,400 %\"" },
    { "[format('{0:000000}', 42)]", "\"000042\"" },
    { "[format('{0:#,##0}', -1234567)]", "\"-1,234,567\"" },
    { "[format('{0}', true())]", "\"True\"" },
    { "[format('{0:D3}', -7)]", "\"-007\"" },
    /* encodings */
    { "[base64('one, two, three')]", "\"b25lLCB0d28sIHRocmVl\"" },
    { "[base64ToString('b25lLCB0d28sIHRocmVl')]", "\"one, two, three\"" },
    { "[base64ToJson(base64('{''one'': ''a'', ''two'': ''b''}'))]",
      "{\"one\":\"a\",\"two\":\"b\"}" },
    { "[dataUri('Hello')]", "\"data:text/plain;charset=utf8;base64,SGVsbG8=\"" },
    { "[dataUriToString('data:;base64,SGVsbG8sIFdvcmxkIQ==')]", "\"Hello, World!\"" },
    { "[json('null')]", "null" },
    { "[json('{\"a\": 1.5, \"b\": [true]}')]", "{\"a\":1.5,\"b\":[true]}" },
    { "[json('''it\\''s \"x\"''')]", "\"it's \\\"x\\\"\"" },
    { "[uri('http://contoso.com/resources/', 'nested/azuredeploy.json')]",
      "\"http://contoso.com/resources/nested/azuredeploy.json\"" },
    { "[uri('http://contoso.com/resources/azuredeploy.json', '../b.json?x=1')]",
      "\"http://contoso.com/b.json?x=1\"" },
    { "[uri('http://contoso.com', 'a')]", "\"http://contoso.com/a\"" },
    { "[uri('http://contoso.com/a/b', '/c')]", "\"http://contoso.com/c\"" },
    { "[uri('http://contoso.com/a/b?q#f', '')]", "\"http://contoso.com/a/b?q\"" },
    { "[uri('http://contoso.com/a', 'https://x.y/z')]", "\"https://x.y/z\"" },
    { "[uriComponent('http://a b/ä')]", "\"http%3A%2F%2Fa%20b%2F%C3%A4\"" },
    { "[uriComponentToString('http%3A%2F%2Fa%20b%')]", "\"http://a b%\"" },
    /* lists and objects */
    { "[array(1)]", "[1]" },
    { "[array(createArray(1))]", "[1]" },
    { "[createObject('a', 1, 'b', createObject())]", "{\"a\":1,\"b\":{}}" },
    { "[contains('OneTwo', 'one')]", "false" },
    { "[contains('OneTwo', 'Two')]", "true" },
    { "[contains(createObject('One', 1), 'one')]", "true" },
    { "[contains(createArray(1, 2), 2)]", "true" },
    { "[empty('')]", "true" },
    { "[empty(null())]", "true" },
    { "[empty(createObject('a', 1))]", "false" },
    { "[first('One')]", "\"O\"" },
    { "[last(createArray(1, 2))]", "2" },
    { "[first(createArray())]", "null" },
    { "[last('')]", "\"\"" },
    { "[take('abc', 9)]", "\"abc\"" },
    { "[take(createArray(1, 2, 3), 2)]", "[1,2]" },
    { "[skip(createArray(1, 2, 3), 2)]", "[3]" },
    { "[skip('abc', -1)]", "\"abc\"" },
    { "[length('\xF0\x9F\x98\x80')]", "2" },
    { "[length(createObject('a', 1))]", "1" },
    { "[flatten(createArray(createArray(1), createArray(2, 3)))]", "[1,2,3]" },
    { "[indexFromEnd(createArray(1, 2, 3), 1)]", "3" },
    { "[tryIndexFromEnd(createArray(1), 2)]", "null" },
    { "[range(5, 3)]", "[5,6,7]" },
    { "[range(5, 0)]", "[]" },
    { "[union(createArray(1, 2), createArray(2, 3))]", "[1,2,3]" },
    { "[union(createObject('a', 1, 'o', createObject('x', 1)), createObject('A', 2, 'o', "
      "createObject('y', 2)))]",
      "{\"A\":2,\"o\":{\"x\":1,\"y\":2}}" },
    { "[shallowMerge(createArray(createObject('o', createObject('x', 1)), createObject('o', "
      "createObject('y', 2))))]",
      "{\"o\":{\"y\":2}}" },
    { "[intersection(createArray(1, 2, 3), createArray(3, 2), createArray(2))]", "[2]" },
    { "[intersection(createObject('a', 1, 'b', 2), createObject('b', 2, 'a', 3))]", "{\"b\":2}" },
    { "[items(createObject('b', 1, 'a', 2))]",
      "[{\"key\":\"a\",\"value\":2},{\"key\":\"b\",\"value\":1}]" },
    { "[objectKeys(createObject('b', 1, 'a', 2))]", "[\"a\",\"b\"]" },
    { "[tryGet(createObject('a', createArray(1, 2)), 'a', 1)]", "2" },
    { "[tryGet(createObject('a', 1), 'b', 'c')]", "null" },
    { "[map(range(0, 3), lambda('i', mul(lambdaVariables('i'), 2)))]", "[0,2,4]" },
    { "[map(createArray('a', 'b'), lambda('x', 'i', format('{0}{1}', lambdaVariables('x'), "
      "lambdaVariables('i'))))]",
      "[\"a0\",\"b1\"]" },
    { "[filter(range(0, 5), lambda('i', greater(lambdaVariables('i'), 2)))]", "[3,4]" },
    { "[reduce(range(1, 4), 0, lambda('s', 'n', add(lambdaVariables('s'), lambdaVariables('n'))))]",
      "10" },
    { "[sort(createArray(3, 1, 2), lambda('a', 'b', less(lambdaVariables('a'), "
      "lambdaVariables('b'))))]",
      "[1,2,3]" },
    { "[toObject(createArray('a', 'b'), lambda('x', lambdaVariables('x')), lambda('x', 1))]",
      "{\"a\":1,\"b\":1}" },
    { "[groupBy(createArray('aa', 'b', 'ac'), lambda('x', first(lambdaVariables('x'))))]",
      "{\"a\":[\"aa\",\"ac\"],\"b\":[\"b\"]}" },
    { "[mapValues(createObject('a', 1), lambda('v', add(lambdaVariables('v'), 1)))]", "{\"a\":2}" },
    /* logic and numbers */
    { "[if(true(), 'a', fail('never'))]", "\"a\"" },
    { "[if(false(), fail('never'), 'b')]", "\"b\"" },
    { "[and(false(), bool(fail('never')))]", "false" },
    { "[or(true(), bool(fail('never')))]", "true" },
    { "[and(true(), true(), false())]", "false" },
    { "[not(false())]", "true" },
    { "[bool('TRUE')]", "true" },
    { "[bool(0)]", "false" },
    { "[coalesce(null(), 'a', fail('never'))]", "\"a\"" },
    { "[coalesce(null(), null())]", "null" },
    { "[equals('a', 'A')]", "false" },
    { "[equals(createObject('a', createArray(1)), createObject('a', createArray(1)))]", "true" },
    { "[equals(1, '1')]", "false" },
    { "[less('a', 'b')]", "true" },
    { "[greaterOrEquals(2, 2)]", "true" },
    { "[lessOrEquals(3, 2)]", "false" },
    { "[add(2, 3)]", "5" },
    { "[sub(2, 3)]", "-1" },
    { "[div(-7, 2)]", "-3" },
    { "[mod(-7, 2)]", "-1" },
    { "[int('-42')]", "-42" },
    { "[max(1, 5, 3)]", "5" },
    { "[min(createArray(4, 2, 3))]", "2" },
    /* dates: those of the service's documentation */
    { "[dateTimeAdd('2020-04-07 14:53:14Z', 'P3Y')]", "\"2023-04-07 14:53:14Z\"" },
    { "[dateTimeAdd('2020-04-07 14:53:14Z', '-P9D')]", "\"2020-03-29 14:53:14Z\"" },
    { "[dateTimeAdd('2020-04-07 14:53:14Z', 'PT1H', 'G')]", "\"04/07/2020 15:53:14\"" },
    { "[dateTimeAdd('20200407T145314Z', 'P1M')]", "\"20200507T145314Z\"" },
    { "[dateTimeAdd('2020-04-07T14:53:14.250+02:00', 'PT0S', 'o')]",
      "\"2020-04-07T12:53:14.2500000Z\"" },
    { "[dateTimeFromEpoch(1680224438)]", "\"2023-03-31T01:00:38Z\"" },
    { "[dateTimeToEpoch('2023-03-31T01:00:38Z')]", "1680224438" },
    { "[dateTimeAdd('2020-04-07T14:53:14Z', 'PT0S', 'dddd, d MMM yy h:mm tt')]",
      "\"Tuesday, 7 Apr 20 2:53 PM\"" },
    { "[dateTimeAdd('2020-04-07', 'PT0S', 'r')]", "\"Tue, 07 Apr 2020 00:00:00 GMT\"" },
    { "[dateTimeAdd('2020-04-07', 'P1D')]", "\"2020-04-08\"" },
    /* networks */
    { "[parseCidr('10.144.0.0/20')]",
      "{\"network\":\"10.144.0.0\",\"netmask\":\"255.255.240.0\",\"broadcast\":\"10.144.15.255\","
      "\"firstUsable\":\"10.144.0.1\",\"lastUsable\":\"10.144.15.254\",\"cidr\":20}" },
    { "[parseCidr('10.0.0.5/32')]",
      "{\"network\":\"10.0.0.5\",\"netmask\":\"255.255.255.255\",\"broadcast\":\"10.0.0.5\","
      "\"firstUsable\":\"10.0.0.5\",\"lastUsable\":\"10.0.0.5\",\"cidr\":32}" },
    { "[cidrSubnet('10.144.0.0/20', 24, 1)]", "\"10.144.1.0/24\"" },
    { "[cidrSubnet('fdad:3236:5555::/48', 64, 5)]", "\"fdad:3236:5555:5::/64\"" },
    { "[cidrHost('10.144.3.0/24', 0)]", "\"10.144.3.1\"" },
    { "[cidrHost('10.144.3.0/24', 253)]", "\"10.144.3.254\"" },
    /* ids */
    { "[resourceId('Microsoft.KeyVault/vaults', 'v')]",
      "\"" GROUP "/providers/Microsoft.KeyVault/vaults/v\"" },
    { "[resourceId('Microsoft.KeyVault/vaults/', 'v')]", /* §0 row 5 */
      "\"" GROUP "/providers/Microsoft.KeyVault/vaults/v\"" },
    { "[resourceId('rg2', 'Microsoft.KeyVault/vaults/keys', 'v', 'k')]",
      "\"/subscriptions/" SUBSCRIPTION
      "/resourceGroups/rg2/providers/Microsoft.KeyVault/vaults/v/keys/k\"" },
    { "[resourceId('s2', 'rg2', 'Microsoft.KeyVault/vaults', 'v')]",
      "\"/subscriptions/s2/resourceGroups/rg2/providers/Microsoft.KeyVault/vaults/v\"" },
    { "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'r')]",
      "\"/subscriptions/" SUBSCRIPTION "/providers/Microsoft.Authorization/roleDefinitions/r\"" },
    { "[subscriptionResourceId('Microsoft.Resources/resourceGroups', 'rg9')]",
      "\"/subscriptions/" SUBSCRIPTION "/resourceGroups/rg9\"" },
    { "[tenantResourceId('Microsoft.Authorization/policyDefinitions', 'p')]",
      "\"/providers/Microsoft.Authorization/policyDefinitions/p\"" },
    { "[managementGroupResourceId('mg', 'Microsoft.Authorization/policyDefinitions', 'p')]",
      "\"/providers/Microsoft.Management/managementGroups/mg/providers/Microsoft.Authorization/"
      "policyDefinitions/p\"" },
    { "[extensionResourceId(resourceId('Microsoft.KeyVault/vaults', 'v'), "
      "'Microsoft.Authorization/locks', 'l')]",
      "\"" GROUP
      "/providers/Microsoft.KeyVault/vaults/v/providers/Microsoft.Authorization/locks/l\"" },
    /* what is there once it is deployed */
    { "[reference(resourceId('Microsoft.KeyVault/vaults', 'v'), '2022-07-01').of]",
      "\"" GROUP "/providers/Microsoft.KeyVault/vaults/v\"" },
    { "[listKeys('Microsoft.Storage/storageAccounts/s', '2021-04-01').primary]", "\"k1\"" },
};

Test(template_functions, yield_what_the_service_yields)
{
    for (size_t i = 0; i < KV_COUNT(yielded); i++) {
        char *made = fixture_evaluate(yielded[i].expression);

        cr_expect(made != NULL && strcmp(made, yielded[i].json) == 0, "%s is %s, not %s",
                  yielded[i].expression, made != NULL ? made : fixture_reason, yielded[i].json);
        free(made);
    }
}

Test(template_functions, take_now_from_the_virtual_clock_and_only_in_defaults)
{
    kv_auto(cJSON_Delete) cJSON *parameters = NULL;
    struct kv_err err;

    fixture_accept(TEMPLATE("\"parameters\": {\"now\": {\"type\": \"string\", \"defaultValue\": "
                            "\"[utcNow()]\"}, \"day\": {\"type\": \"string\", \"defaultValue\": "
                            "\"[utcNow('d')]\"}}, \"resources\": []"),
                   NULL);
    cr_assert_eq(kv_template_plan_parameters(fixture_made, &parameters, &err), KV_OK);
    char *text = cJSON_PrintUnformatted(parameters);
    cr_expect_str_eq(text, "{\"now\":{\"type\":\"String\",\"value\":\"20200407T145314Z\"},"
                           "\"day\":{\"type\":\"String\",\"value\":\"04/07/2020\"}}");
    free(text);
}
