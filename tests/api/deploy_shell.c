/* SPDX-License-Identifier: Apache-2.0 */
/* coffer deploy, as an operator types it. */
#include "deployments_tools.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "kv/base/files.h"

TestSuite(deploy_shell, .init = deployments_start, .fini = deployments_stop, .timeout = 120);

static char output[32768];

/* The words behind `coffer deploy`, separated by blanks; "@" begins a file of write_file(). */
static void expect(const char *words, int status, const char *said)
{
    const char *arguments[24] = { "deploy" };
    char copy[512], paths[8][300];
    size_t count = 1, files = 0;
    char *rest = copy;

    snprintf(copy, sizeof(copy), "%s", words);
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " ")) {
        if (word[0] == '@') {
            snprintf(paths[files], sizeof(paths[0]), "%s/%.200s", deployments_root, word + 1);
            word = paths[files++];
        }
        arguments[count++] = word;
    }
    arguments[count++] = "--data";
    arguments[count] = deployments_daemon.folder;
    int is = program_run(arguments, output, sizeof(output));
    cr_expect_eq(is, status, "%s: %d %s", words, is, output);
    cr_expect_not_null(strstr(output, said), "%s: %s", words, output);
}

static void write_file(const char *name, const char *text)
{
    char path[400];

    snprintf(path, sizeof(path), "%s/%s", deployments_root, name);
    cr_assert_eq(kv_file_write(path, text, strlen(text), 0600, NULL), KV_OK);
}

static void write_template(void)
{
    write_file(
        "t.json",
        "// with a comment\n" TEMPLATE(
            "\n\"parameters\":{\"who\":{\"type\":\"string\"},\"n\":{\"type\":"
            "\"int\",\"defaultValue\":1}},\n\"resources\":[" THING(
                "a",
                ",\"properties\":{\"n\":\"[parameters('n')]\"}") "],\n"
                                                                 "\"outputs\":{\"said\":{\"type\":"
                                                                 "\"string\",\"value\":\"[concat("
                                                                 "parameters('who'), "
                                                                 "parameters('n'))]\"}}"));
}

Test(deploy_shell, wrong_usage_and_files_that_are_not_there)
{
    expect("", 2, "");
    expect("--group rg1 @missing.json", 1, "missing.json does not exist");
    write_template();
    expect("--group rg1 --parameters =x @t.json", 2, "the name is missing");
    expect("--group rg1 --parameters nothere.json @t.json", 1,
           "nothere.json: there is no such file");
    expect("--group rg1 --parameters who @t.json", 1, "and it is no NAME=VALUE");
    expect("--group rg1 --mode partial @t.json", 2, "mode");
    expect("--group rg1 --name a/b @t.json", 2, "a deployment's name has at most");
}

Test(deploy_shell, a_group_that_is_not_there_is_told_how_to_make)
{
    write_template();
    expect("--group nobodys --parameters who=me @t.json", 1,
           "there is no resource group nobodys: make it with az group create");
}

Test(deploy_shell, an_error_shows_the_line_of_the_template)
{
    write_template();
    expect("--group rg1 @t.json", 1,
           "     3 | \"parameters\":{\"who\":{\"type\":\"string\"},\"n\":{\"type\":\"int\","
           "\"defaultValue\":1}},\n       |                     ^");
    cr_expect_not_null(strstr(output, "InvalidTemplate: "));
    write_file("broken.json", "{\n  \"a\": 1,\n  oops\n}\n");
    expect("--group rg1 @broken.json", 1, "     3 |   oops");
}

/* Wherever it is in the request. */
Test(deploy_shell, a_fault_of_the_json_is_told_where_it_is_in_the_file)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        { "{ \"a\": oops }", "line 1, position 7.'.\n       ~/broken.json:1:7\n     1 | { \"a\"" },
        { "\xef\xbb\xbf{ \"a\": oops }", "line 1, position 7.'." },
        { "{\n  \"a\": 1,\n  oops\n}\n", "line 3, position " },
        { "{\n  \"a\": [\n\n\n", "line 2, position 8.'.\n       ~/broken.json:2:8\n" },
        { "{\n  \"a\": 1 }\n }\n\n", "line 3, position 2.'.\n       ~/broken.json:3:2\n" },
        { "{\n  \"a\": {\n  \"b\": 1, \"b\": 2\n}}", "line 2, position 8.'." },
        { TEMPLATE("\"resources\":[],\n\n\"nosuch\":{}"), "line 3, position 10.'." },
    };

    for (size_t i = 0; i < KV_COUNT(cases); i++) {
        char said[300];
        const char *file = strchr(cases[i].said, '~');

        snprintf(said, sizeof(said), "%.*s%s%s",
                 file != NULL ? (int) (file - cases[i].said) : (int) strlen(cases[i].said),
                 cases[i].said, file != NULL ? deployments_root : "", file != NULL ? file + 1 : "");
        write_file("broken.json", cases[i].text);
        expect("--group rg1 @broken.json", 1, said);
    }
}

#define LINK(path)                                                                                 \
    TEMPLATE("\n\n\n\n\"resources\":[{\"type\":\"Microsoft.Resources/deployments\","               \
             "\"apiVersion\":\"2021-04-01\",\"name\":\"inner\",\"properties\":{\"mode\":"          \
             "\"Incremental\",\"templateLink\":{\"relativePath\":\"" path "\"}}}]")

/* Two lines of what is shown: the file's name and place, and the line. */
static void expect_place(const char *name, const char *place, const char *line)
{
    char shown[400];

    snprintf(shown, sizeof(shown), "       %s/%s:%s\n%s", deployments_root, name, place, line);
    cr_expect_not_null(strstr(output, shown), "%s: %s", shown, output);
}

/* A line of another file than the one that was sent is one of that file. */
Test(deploy_shell, a_fault_of_a_linked_file_is_shown_where_it_is)
{
    write_file("inner.json", "{\n\n  \"a\": oops }");
    write_file("outer.json", LINK("inner.json"));
    expect("--group rg1 @outer.json", 1,
           "The linked file 'inner.json' is not valid JSON: 'Unexpected character or end. Path '', "
           "line 3, position 7.'.");
    expect_place("inner.json", "3:7", "     3 |   \"a\": oops }\n       |       ^\n");
    cr_expect_null(strstr(output, "outer.json:"), "%s", output);
}

Test(deploy_shell, a_fault_that_is_found_in_a_linked_template_is_shown_there)
{
    write_file("outer.json", LINK("inner.json"));
    write_file(
        "inner.json",
        TEMPLATE(
            "\n\n  \"parameters\": { \"who\": { \"type\": \"string\" } },\n\"resources\": []"));
    expect("--group rg1 @outer.json", 1,
           "The linked file 'inner.json': Deployment template validation failed");
    cr_expect_not_null(strstr(output, "/inner.json:3:"), "%s", output);
    cr_expect_not_null(strstr(output, "     3 |   \"parameters\": { \"who\""), "%s", output);
    cr_expect_null(strstr(output, "outer.json:"), "%s", output);
}

/* The path of one that a linked one links to is told from the root. */
Test(deploy_shell, a_fault_below_a_folder_is_shown_where_it_is)
{
    char folder[400];

    snprintf(folder, sizeof(folder), "%s/below", deployments_root);
    cr_assert(mkdir(folder, 0700) == 0 || errno == EEXIST);
    write_file("outer.json", LINK("below/middle.json"));
    write_file("below/middle.json", LINK("last.json"));
    write_file("below/last.json", "{\n oops }");
    write_file("last.json", "{\n another }");
    expect("--group rg1 @outer.json", 1, "The linked file 'below/last.json' is not valid JSON");
    expect_place("below/last.json", "2:2", "     2 |  oops }");
    cr_expect_null(strstr(output, "another"), "%s", output);
}

Test(deploy_shell, a_failure_is_told_with_its_details)
{
    write_template();
    expect("--group rg1 --parameters who=me @t.json", 0, "Succeeded");
    write_file("moved.json",
               TEMPLATE("\"resources\":[{\"type\":\"Contoso.Things/things\",\"apiVersion\":"
                        "\"2020-01-01\",\"name\":\"a\",\"location\":\"westus\"}]"));
    expect("--group rg1 @moved.json", 1,
           "Failed     Contoso.Things/things  a  InvalidResourceLocation");
    cr_expect_not_null(strstr(output, "  InvalidResourceLocation: The resource 'a' already exists"),
                       "%s", output);
    cr_expect_not_null(strstr(output, "coffer deploy: the deployment moved has failed"));
}

Test(deploy_shell, progress_and_outputs_are_shown)
{
    write_template();
    write_file("p.json", "{\"parameters\":{\"who\":{\"value\":\"file\"},\"n\":{\"value\":4}}}");
    expect("--group rg1 --parameters @p.json --parameters n=7 @t.json", 0,
           "\nOUTPUT  TYPE          VALUE\nsaid    String        file7\n");
    cr_expect_not_null(strstr(output, "Succeeded  Contoso.Things/things  a\n"), "%s", output);
    expect("--group rg1 --parameters who=007 @t.json", 0, "0071\n");
}

Test(deploy_shell, what_if_lists_changes_and_does_nothing)
{
    write_template();
    expect("--group rg1 --what-if --parameters who=me @t.json", 0, "1 to create\n");
    expect("--group rg1 --what-if --parameters who=me @t.json", 0, "  + /subscriptions/");
    expect("--group rg1 --parameters who=me @t.json", 0, "Succeeded");
    expect("--group rg1 --what-if --parameters who=me @t.json", 0, "1 unchanged\n");
    expect("--group rg1 --what-if --parameters who=me --parameters n=2 @t.json", 0,
           "      ~ properties.n: 1 => 2\n");
    cr_expect_null(strstr(output, "\033"), "colour is for terminals");
}
