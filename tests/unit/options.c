/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <string.h>

#include <criterion/criterion.h>

#include "options.h"

TestSuite(options, .init = scratch_make, .fini = options_done, .timeout = 120);

static const struct {
    words arguments;
    const char *message;
} refused_flags[] = {
    { { "--prot", "1" }, "--prot is not an option" },
    { { "--prot=1" }, "--prot is not an option" },
    { { "--por", "1" }, "--por is not an option" },
    { { "--p", "1" }, "--p is not an option" },
    { { "-p", "1" }, "-p is not an option" },
    { { "--control", "http://localhost" }, "--control is not an option" },
    { { "stray" }, "stray is not an option" },
    { { "--port", "1", "stray", "--workers", "1" }, "stray is not an option" },
    { { "--", "--port" }, "--port is not an option" },
    { { "--port" }, "--port needs a value" },
    { { "--ephemeral=true" }, "--ephemeral takes no value" },
    { { "--ephemeral", "true" }, "true is not an option" },
    { { "--port", "70000" }, "--port: 70000 is not a whole number from 0 to 65535" },
    { { "--port", "65536" }, "--port: 65536 is not a whole number from 0 to 65535" },
    { { "--port=-1" }, "--port: -1 is not a whole number from 0 to 65535" },
    { { "--port", "+1" }, "--port: +1 is not a whole number from 0 to 65535" },
    { { "--port", " 1" }, "--port:  1 is not a whole number from 0 to 65535" },
    { { "--port", "1.0" }, "--port: 1.0 is not a whole number from 0 to 65535" },
    { { "--port", "0x1" }, "--port: 0x1 is not a whole number from 0 to 65535" },
    { { "--port", "" }, "--port: an empty value is not a whole number from 0 to 65535" },
    { { "--port", "99999999999999999999" },
      "--port: 99999999999999999999 is not a whole number from 0 to 65535" },
    { { "--auth", "maybe" }, "--auth: maybe is not one of strict, any, off" },
    { { "--auth", "stric" }, "--auth: stric is not one of strict, any, off" },
    { { "--auth", "strict|any" }, "--auth: strict|any is not one of strict, any, off" },
    { { "--auth", "" }, "--auth: an empty value is not one of strict, any, off" },
    { { "--deletion-lag", "2h" }, "--deletion-lag: 2h is not a duration from 0 to 1h" },
    { { "--deletion-lag", "3600.1" }, "--deletion-lag: 3600.1 is not a duration from 0 to 1h" },
    { { "--deletion-lag", "-1" }, "--deletion-lag: -1 is not a duration from 0 to 1h" },
    { { "--deletion-lag", "1.2.3" }, "--deletion-lag: 1.2.3 is not a duration from 0 to 1h" },
    { { "--deletion-lag", "." }, "--deletion-lag: . is not a duration from 0 to 1h" },
    { { "--deletion-lag", "s" }, "--deletion-lag: s is not a duration from 0 to 1h" },
    { { "--deletion-lag", "1 s" }, "--deletion-lag: 1 s is not a duration from 0 to 1h" },
    { { "--deletion-lag", "1e1" }, "--deletion-lag: 1e1 is not a duration from 0 to 1h" },
    { { "--deletion-lag", "inf" }, "--deletion-lag: inf is not a duration from 0 to 1h" },
    { { "--deletion-lag", "999999999999999999999d" },
      "--deletion-lag: 999999999999999999999d is not a duration from 0 to 1h" },
    { { "--port", "tcp://10.3.0.7:8443" },
      "--port: tcp://10.3.0.7:8443 is not a whole number from 0 to 65535" },
    { { "--auth", "any\r" }, "--auth: any\r is not one of strict, any, off" },
    { { "--listen", "host" }, "--listen: host is not localhost, any or an IP address" },
    { { "--listen", "127.0.0.1:80" },
      "--listen: 127.0.0.1:80 is not localhost, any or an IP address" },
    { { "--data", "" }, "--data: the value is empty" },
    { { "--san", "" }, "--san: the value is empty" },
    { { "--listen", "" }, "--listen: an empty value is not localhost, any or an IP address" },
    { { "--tenant", "contoso" }, "--tenant: contoso is not a GUID" },
    { { "--data", "a\nb" }, "--data: the value contains a control character" },
    { { "--vault", "\x1b[2J" }, "--vault: the value contains a control character" },
    { { "--config", "none" }, "--config: none does not exist" },
    { { "--config", "." }, "--config: cannot read .: Is a directory" },
};

Test(options, refuses_flags_and_says_which_and_why)
{
    for (size_t i = 0; i < KV_COUNT(refused_flags); i++) {
        cr_assert_eq(load_flags(KV_COMMAND_SERVE, refused_flags[i].arguments), KV_BAD_PARAMETER,
                     "%zu", i);
        cr_assert_str_eq(err.message, refused_flags[i].message);
        cr_assert_null(options);
    }
}

static const struct {
    const char *variable;
    const char *message;
} refused_variables[] = {
    { "COFFER_AUTH=maybe", "COFFER_AUTH: maybe is not one of strict, any, off" },
    { "COFFER_EPHEMERAL=1", "COFFER_EPHEMERAL: 1 is not one of true, false" },
    { "COFFER_PORT=", "COFFER_PORT: an empty value is not a whole number from 0 to 65535" },
    { "COFFER_PORT=tcp:/10.3.0.7",
      "COFFER_PORT: tcp:/10.3.0.7 is not a whole number from 0 to 65535" },
    { "COFFER_WORKERS=tcp://10.3.0.7:8443",
      "COFFER_WORKERS: tcp://10.3.0.7:8443 is not a whole number from 0 to 64" },
    { "COFFER_DATA=a\rb", "COFFER_DATA: the value contains a control character" },
    { "COFFER_CONTROL_PORT=x", "COFFER_CONTROL_PORT: x is not a whole number from 0 to 65535" },
};

Test(options, refuses_variables_and_says_which_and_why)
{
    for (size_t i = 0; i < KV_COUNT(refused_variables); i++) {
        words environment = { "PATH=/bin", refused_variables[i].variable };
        cr_assert_eq(load(KV_COMMAND_SERVE, (words){ NULL }, environment), KV_BAD_PARAMETER, "%zu",
                     i);
        cr_assert_str_eq(err.message, refused_variables[i].message);
    }
}

static const struct {
    const char *text, *message;
} refused_files[] = {
    { "port = tcp://10.3.0.7:8443",
      "coffer.conf:1: port: tcp://10.3.0.7:8443 is not a whole number from 0 to 65535" },
    { "\xef\xbb\xbfprot = 2\n", "coffer.conf:1: prot is not an option" },
    { "port = 1\n\xef\xbb\xbfport = 2\n", "coffer.conf:2: \xef\xbb\xbfport is not an option" },
    { "port = 1\n\n  prot = 2\n", "coffer.conf:3: prot is not an option" },
    { "Port = 1", "coffer.conf:1: Port is not an option" },
    { "config = other", "coffer.conf:1: config is not an option" },
    { "help = true", "coffer.conf:1: help is not an option" },
    { "control = x", "coffer.conf:1: control is not an option" },
    { "= 1", "coffer.conf:1:  is not an option" },
    { "# fine\nport\n", "coffer.conf:2: not of the form name = value" },
    { "port = 70000", "coffer.conf:1: port: 70000 is not a whole number from 0 to 65535" },
    { "port = 1 # one", "coffer.conf:1: port: 1 # one is not a whole number from 0 to 65535" },
    { "ephemeral = yes", "coffer.conf:1: ephemeral: yes is not one of true, false" },
    { "ephemeral", "coffer.conf:1: not of the form name = value" },
    { "data = a\x01", "coffer.conf:1: the value contains a control character" },
};

Test(options, refuses_lines_and_says_which_and_why)
{
    for (size_t i = 0; i < KV_COUNT(refused_files); i++) {
        cr_assert_eq(load_file(refused_files[i].text), KV_BAD_PARAMETER, "%zu", i);
        cr_assert_str_eq(err.message, refused_files[i].message);
    }
}

Test(options, refuses_a_file_that_is_no_text)
{
    static const char text[] = "port = 1\n\0port = 2\n";

    cr_assert_eq(kv_file_write("coffer.conf", text, sizeof(text), 0600, &err), KV_OK);
    cr_assert_eq(load_flags(KV_COMMAND_SERVE, (words){ "--config", "coffer.conf" }),
                 KV_BAD_PARAMETER);
    cr_assert_str_eq(err.message, "--config: coffer.conf is not a text file");
}

Test(options, refuses_a_huge_file)
{
    static const char blank[100 * 1024];

    cr_assert_eq(kv_file_write("coffer.conf", blank, sizeof(blank), 0600, &err), KV_OK);
    cr_assert_eq(load_flags(KV_COMMAND_SERVE, (words){ "--config", "coffer.conf" }),
                 KV_BAD_PARAMETER);
    cr_assert_not_null(strstr(err.message, "File too large"), "%s", err.message);
}

/* A value is judged wherever it stands: a weak source must not hide a typing error. */
Test(options, refuses_a_wrong_value_that_a_higher_source_replaces)
{
    cr_assert_eq(load(KV_COMMAND_SERVE, (words){ "--port", "1" }, (words){ "COFFER_PORT=x" }),
                 KV_BAD_PARAMETER);
}

Test(options, are_refused_as_another_type, .signal = SIGABRT)
{
    cr_assert_eq(load_flags(KV_COMMAND_SERVE, (words){ NULL }), KV_OK);
    (void) kv_option_number(options, KV_OPTION_AUTH);
}

Test(options, have_no_item_beyond_their_list, .signal = SIGABRT)
{
    cr_assert_eq(load_flags(KV_COMMAND_SERVE, (words){ NULL }), KV_OK);
    (void) kv_option_list_item(options, KV_OPTION_VAULT, 1);
}

Test(options, have_defaults)
{
    cr_assert_eq(load_flags(KV_COMMAND_SERVE, (words){ NULL }), KV_OK);
    cr_assert_eq(kv_option_number(options, KV_OPTION_PORT), 8443);
    cr_assert_str_eq(kv_option_text(options, KV_OPTION_AUTH), "strict");
    cr_assert_str_eq(kv_option_text(options, KV_OPTION_DATA), "");
    cr_assert_eq(kv_option_duration(options, KV_OPTION_DELETION_LAG), 0);
    cr_assert_not(kv_option_flag(options, KV_OPTION_EPHEMERAL));
    cr_assert_eq(kv_option_list_count(options, KV_OPTION_VAULT), 1);
    cr_assert_str_eq(kv_option_list_item(options, KV_OPTION_VAULT, 0), "dev");
    cr_assert_eq(kv_option_list_count(options, KV_OPTION_SAN), 0);
}

Test(options, take_flags_in_both_spellings)
{
    cr_assert_eq(load_flags(KV_COMMAND_SERVE, (words){ "--port=1", "--workers", "2", "--auth=any",
                                                       "--ephemeral", "--data=a=b" }),
                 KV_OK);
    cr_assert_eq(kv_option_number(options, KV_OPTION_PORT), 1);
    cr_assert_eq(kv_option_number(options, KV_OPTION_WORKERS), 2);
    cr_assert_str_eq(kv_option_text(options, KV_OPTION_AUTH), "any");
    cr_assert(kv_option_flag(options, KV_OPTION_EPHEMERAL));
    cr_assert_str_eq(kv_option_text(options, KV_OPTION_DATA), "a=b");
}

Test(options, can_be_loaded_again)
{
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(load_flags(KV_COMMAND_SERVE, (words){ "--port", "5" }), KV_OK);
        cr_assert_eq(kv_option_number(options, KV_OPTION_PORT), 5);
    }
}

Test(options, take_numbers_up_to_their_limits)
{
    cr_assert_eq(load_flags(KV_COMMAND_SERVE, (words){ "--port", "0", "--control-port", "65535" }),
                 KV_OK);
    cr_assert_eq(kv_option_number(options, KV_OPTION_PORT), 0);
    cr_assert_eq(kv_option_number(options, KV_OPTION_CONTROL_PORT), 65535);
}

Test(options, take_durations_in_every_unit)
{
    static const struct {
        const char *text;
        kv_millis millis;
    } rows[] = {
        { "0", 0 },          { "1", 1000 },    { "0.5s", 500 },   { "500ms", 500 },
        { ".25s", 250 },     { "5.s", 5000 },  { "1.5m", 90000 }, { "1h", 3600000 },
        { "0.01d", 864000 }, { "0.0004s", 0 }, { "0.0006s", 1 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(load_flags(KV_COMMAND_SERVE, (words){ "--deletion-lag", rows[i].text }), KV_OK,
                     "%s", rows[i].text);
        cr_assert_eq(kv_option_duration(options, KV_OPTION_DELETION_LAG), rows[i].millis, "%s",
                     rows[i].text);
    }
}

Test(options, come_from_flag_before_environment_before_file)
{
    write_config("port = 1\ncontrol-port = 1\nworkers = 1\n");
    cr_assert_eq(load(KV_COMMAND_SERVE, (words){ "--port", "3", "--config", "coffer.conf" },
                      (words){ "COFFER_PORT=2", "COFFER_CONTROL_PORT=2" }),
                 KV_OK);
    cr_assert_eq(kv_option_number(options, KV_OPTION_PORT), 3);
    cr_assert_eq(kv_option_number(options, KV_OPTION_CONTROL_PORT), 2);
    cr_assert_eq(kv_option_number(options, KV_OPTION_WORKERS), 1);
}

Test(options, switch_a_flag_off_again)
{
    cr_assert_eq(load_file("ephemeral = true"), KV_OK);
    cr_assert(kv_option_flag(options, KV_OPTION_EPHEMERAL));
    cr_assert_eq(load(KV_COMMAND_SERVE, (words){ "--config", "coffer.conf" },
                      (words){ "COFFER_EPHEMERAL=false" }),
                 KV_OK);
    cr_assert_not(kv_option_flag(options, KV_OPTION_EPHEMERAL));
}

static void check_list(enum kv_option option, const char *const wanted[])
{
    size_t count = kv_option_list_count(options, option);

    for (size_t i = 0; i < count; i++) {
        cr_assert_not_null(wanted[i], "%s", kv_option_list_item(options, option, i));
        cr_assert_str_eq(kv_option_list_item(options, option, i), wanted[i]);
    }
    cr_assert_null(wanted[count]);
}

Test(options, collect_lists_within_a_source)
{
    cr_assert_eq(
        load_flags(KV_COMMAND_SERVE, (words){ "--vault", "a", "--port", "1", "--vault=b" }), KV_OK);
    check_list(KV_OPTION_VAULT, (words){ "a", "b" });
    cr_assert_eq(load_file("vault =  a,sku=standard\t b \nvault = c\n"), KV_OK);
    check_list(KV_OPTION_VAULT, (words){ "a,sku=standard", "b", "c" });
}

Test(options, take_the_text_of_a_flag_as_one_item)
{
    cr_assert_eq(load_flags(KV_COMMAND_SERVE, (words){ "--san", " x y" }), KV_OK);
    check_list(KV_OPTION_SAN, (words){ " x y" });
}

Test(options, replace_a_list_as_a_whole)
{
    write_config("vault = a b\nsan = x\n");
    cr_assert_eq(load(KV_COMMAND_SERVE, (words){ "--san", "z", "--config", "coffer.conf" },
                      (words){ "COFFER_VAULT=c", "COFFER_SAN=y" }),
                 KV_OK);
    check_list(KV_OPTION_VAULT, (words){ "c" });
    check_list(KV_OPTION_SAN, (words){ "z" });
}

Test(options, take_an_empty_list)
{
    cr_assert_eq(load(KV_COMMAND_SERVE, (words){ NULL }, (words){ "COFFER_VAULT= " }), KV_OK);
    cr_assert_eq(kv_option_list_count(options, KV_OPTION_VAULT), 0);
}

Test(options, read_a_file_with_comments_blanks_and_foreign_line_ends)
{
    cr_assert_eq(load_file("# coffer\r\n\r\n  port=1 \r\n\t# more\n"
                           "pkcs11-init-args = configdir='sql:d' flags=#x \n"
                           "data =\nlog-level = debug"),
                 KV_OK);
    cr_assert_eq(kv_option_number(options, KV_OPTION_PORT), 1);
    cr_assert_str_eq(kv_option_text(options, KV_OPTION_PKCS11_INIT_ARGS),
                     "configdir='sql:d' flags=#x");
    cr_assert_str_eq(kv_option_text(options, KV_OPTION_DATA), "");
    cr_assert_str_eq(kv_option_text(options, KV_OPTION_LOG_LEVEL), "debug");
}

Test(options, read_a_file_that_starts_with_a_byte_order_mark)
{
    cr_assert_eq(load_file("\xef\xbb\xbfport = 1\r\nlog-level = debug\r\n"), KV_OK);
    cr_assert_eq(kv_option_number(options, KV_OPTION_PORT), 1);
    cr_assert_str_eq(kv_option_text(options, KV_OPTION_LOG_LEVEL), "debug");
}

Test(options, read_an_empty_file)
{
    cr_assert_eq(load_file(""), KV_OK);
    cr_assert_eq(load_file("\xef\xbb\xbf"), KV_OK);
}

Test(options, of_a_client_ignore_variables_of_others)
{
    cr_assert_eq(
        load(KV_COMMAND_ENV, (words){ "--vault", "pool" },
             (words){ "COFFER_DATA=/d", "COFFER_PORT=x", "COFFER_VAULT=a b", "COFFER_PROT=1" }),
        KV_OK);
    cr_assert_str_eq(kv_option_text(options, KV_OPTION_DATA), "/d");
    cr_assert_str_eq(kv_option_text(options, KV_OPTION_VAULT_NAME), "pool");
}

Test(options, of_serve_ignore_variables_of_clients)
{
    cr_assert_eq(load(KV_COMMAND_SERVE, (words){ NULL },
                      (words){ "COFFER_CONTROL=http://localhost:1", "COFFERS=1", "COFFER_BARE" }),
                 KV_OK);
}

Test(options, judge_nothing_else_when_help_is_wanted)
{
    cr_assert_eq(load(KV_COMMAND_SERVE, (words){ "--prot", "--port", "x", "--help" },
                      (words){ "COFFER_PROT=1" }),
                 KV_OK);
    cr_assert(kv_option_flag(options, KV_OPTION_HELP));
    cr_assert_eq(load_flags(KV_COMMAND_SERVE, (words){ "--prot", "-h" }), KV_OK);
    cr_assert(kv_option_flag(options, KV_OPTION_HELP));
}
