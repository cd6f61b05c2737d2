/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions of role assignments, as far as they say which roles somebody may assign and withdraw: the
 * shape that the service's own role has (control-plane.md §2.3) and its portal writes. A clause of any
 * other shape about the action is one that is not met: nobody may do more than was granted.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "access_core.h"
#include "roles_core.h"

#define MATCH "ActionMatches{'"

static enum kv_code print_guids(const char *roles, struct kv_buf *buf, struct kv_err *err)
{
    for (const char *at = roles; *at != '\0';) {
        size_t len = strcspn(at, " ");

        KV_TRY(kv_buf_printf(buf, err, "%s%.*s", at == roles ? "" : ", ", (int) len, at));
        at += len + strspn(at + len, " ");
    }
    return KV_OK;
}

enum kv_code access_condition_print(const char *roles, struct kv_buf *buf, struct kv_err *err)
{
    static const struct {
        const char *head;
    } clauses[] = {
        { "((!(" MATCH "Microsoft.Authorization/roleAssignments/write'})) OR "
          "(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
          "ForAnyOfAnyValues:GuidEquals{" },
        { " AND ((!(" MATCH "Microsoft.Authorization/roleAssignments/delete'})) OR "
          "(@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
          "ForAnyOfAnyValues:GuidEquals{" },
    };

    for (size_t i = 0; *roles != '\0' && i < KV_COUNT(clauses); i++) {
        KV_TRY(kv_buf_printf(buf, err, "%s", clauses[i].head));
        KV_TRY(print_guids(roles, buf, err));
        KV_TRY(kv_buf_printf(buf, err, "}))"));
    }
    return KV_OK;
}

enum kv_code kv_access_role_condition(const char *role, struct kv_buf *buf, struct kv_err *err)
{
    const struct access_built_in *row = access_built_in_of(role);

    return row != NULL ? access_condition_print(row->roles, buf, err) : KV_OK;
}

/* What follows a word in a text, case and blanks in the text aside; NULL: it does not begin with it. */
static const char *skip_word(const char *text, const char *word)
{
    for (; *word != '\0'; word++, text++) {
        text += isspace((unsigned char) *word) ? 0 : strspn(text, " \t\r\n");
        if (tolower((unsigned char) *text) != tolower((unsigned char) *word)) {
            return NULL;
        }
    }
    return text;
}

/* The same wherever it is before `end`. */
static const char *find_word(const char *text, const char *end, const char *word)
{
    for (; text < end; text++) {
        const char *tail = skip_word(text, word);

        if (tail != NULL && tail <= end) {
            return tail;
        }
    }
    return NULL;
}

/* The clause about an action: from behind its name to the next action, or the end. */
static const char *find_clause(const char *condition, const char *action, const char **ret_end)
{
    const char *end = condition + strlen(condition);

    for (const char *at = condition; (at = find_word(at, end, MATCH)) != NULL;) {
        const char *tail = skip_word(at, action);
        const char *next = find_word(at, end, MATCH);

        if (tail != NULL && *tail == '\'') {
            *ret_end = next != NULL ? next - strlen(MATCH) : end;
            return tail;
        }
    }
    return NULL;
}

static bool list_has(const char *at, const char *end, const char *role)
{
    for (; at + KV_UUID_LENGTH <= end && *at != '}'; at++) {
        if (strncasecmp(at, role, KV_UUID_LENGTH) == 0) {
            return true;
        }
    }
    return false;
}

/* What the clause says besides roles. */
static bool says_more(const char *clause, const char *end)
{
    return find_word(clause, end, ":PrincipalId]") != NULL
           || find_word(clause, end, ":PrincipalType]") != NULL;
}

static bool clause_allows(const char *clause, const char *end, const char *role)
{
    const char *subject = find_word(clause, end, "roleAssignments:RoleDefinitionId]");
    const char *list;

    if (subject == NULL || role == NULL || says_more(clause, end)) {
        return false;
    }
    list = skip_word(subject, "ForAnyOfAnyValues:GuidEquals{");
    if (list != NULL) {
        return list_has(list, end, role);
    }
    list = skip_word(subject, "ForAnyOfAllValues:GuidNotEquals{");
    return list != NULL && !list_has(list, end, role);
}

bool access_condition_allows(const char *condition, const char *action, const char *role)
{
    const char *end = NULL;
    const char *clause = find_clause(condition, action, &end);

    return clause == NULL || clause_allows(clause, end, role);
}
