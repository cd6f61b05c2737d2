dnl SPDX-License-Identifier: Apache-2.0
dnl AX_FLAGS: warnings and hardening for every compilation, and the --enable switches that change
dnl how everything is built. Sets KV_CFLAGS and KV_LDFLAGS.
dnl Rows of tables leave out the last columns where these are 0: hence no warning about that.
AC_DEFUN([AX_FLAGS], [
KV_CFLAGS="-std=gnu11 -Wall -Wextra -Wformat=2 -Wshadow -Wstrict-prototypes -Wmissing-prototypes"
KV_CFLAGS="$KV_CFLAGS -Wswitch-enum -Wundef -Wvla -Wwrite-strings -Wpointer-arith"
KV_CFLAGS="$KV_CFLAGS -Wno-missing-field-initializers"
KV_CFLAGS="$KV_CFLAGS -fno-common -fstack-protector-strong -pthread"
KV_LDFLAGS="-pthread -Wl,-z,relro,-z,now"

AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [turn warnings into errors])])
AS_IF([test "x$enable_werror" = xyes], [KV_CFLAGS="$KV_CFLAGS -Werror"])

dnl What is built then can only be fuzzed: libFuzzer finds its way by what it sees being executed.
AC_ARG_ENABLE([fuzzing],
    [AS_HELP_STRING([--enable-fuzzing], [for `make fuzz`: needs clang, brings sanitizers])])
AS_IF([test "x$enable_fuzzing" = xyes], [
    AS_CASE([$enable_sanitizers], [''|no], [enable_sanitizers=address,undefined])
    KV_CFLAGS="$KV_CFLAGS -fsanitize=fuzzer-no-link"
    FUZZ_LDFLAGS=-fsanitize=fuzzer
    AX_FUZZER])
AM_CONDITIONAL([FUZZING], [test "x$enable_fuzzing" = xyes])

AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers=LIST], [for example address,undefined, or thread])])
AS_CASE([$enable_sanitizers], [''|no], [KV_CFLAGS="$KV_CFLAGS -D_FORTIFY_SOURCE=2"], [
    AS_IF([test "x$enable_sanitizers" = xyes], [enable_sanitizers=address,undefined])
    KV_CFLAGS="$KV_CFLAGS -fsanitize=$enable_sanitizers -fno-sanitize-recover=all"
    KV_CFLAGS="$KV_CFLAGS -fno-omit-frame-pointer"
    KV_LDFLAGS="$KV_LDFLAGS -fsanitize=$enable_sanitizers"])

AC_ARG_ENABLE([code-coverage],
    [AS_HELP_STRING([--enable-code-coverage], [instrument for gcov])])
AS_IF([test "x$enable_code_coverage" = xyes], [
    KV_CFLAGS="$KV_CFLAGS --coverage -O0"
    KV_LDFLAGS="$KV_LDFLAGS --coverage"])
AC_SUBST([KV_CFLAGS])
AC_SUBST([KV_LDFLAGS])
AC_SUBST([FUZZ_LDFLAGS])
AC_SUBST([SANITIZERS], [$enable_sanitizers])
])

dnl AX_FUZZER: stops where the compiler has no libFuzzer.
AC_DEFUN([AX_FUZZER], [
ax_cflags=$CFLAGS
CFLAGS="$CFLAGS -fsanitize=fuzzer"
AC_MSG_CHECKING([for libFuzzer])
AC_LINK_IFELSE([AC_LANG_SOURCE([[
    int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size)
    {
        return size > 0 ? data[0] & 0 : 0;
    }]])],
    [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([--enable-fuzzing needs clang and its libFuzzer: CC=clang-14])])
CFLAGS=$ax_cflags
])
