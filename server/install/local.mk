# SPDX-License-Identifier: Apache-2.0
# What is installed beside the program: a systemd unit and its configuration file, manual pages,
# completion for shells. All are templates, filled from the tables of options and commands when
# coffer is built, by a program that runs there.
noinst_PROGRAMS += %D%/fill
%C%_fill_SOURCES = \
	%D%/completion.c \
	%D%/conf.c \
	%D%/fill.h \
	%D%/main.c \
	%D%/manual.c \
	%D%/tables.c
%C%_fill_CPPFLAGS = $(AM_CPPFLAGS) -DFILL_BINDIR='"$(bindir)"' -DFILL_SYSCONFDIR='"$(sysconfdir)"'

install_templates = \
	%D%/coffer.1.in \
	%D%/coffer-serve.1.in \
	%D%/coffer.conf.5.in \
	%D%/coffer.conf.in \
	%D%/coffer.bash.in \
	%D%/coffer.zsh.in \
	%D%/coffer.fish.in \
	%D%/coffer.service.in
install_filled = $(install_templates:.in=)
EXTRA_DIST += $(install_templates)
CLEANFILES += $(install_filled)

# What is built for another machine does not run here: then there is the program alone.
if !CROSS_COMPILING
noinst_DATA = $(install_filled)
nodist_man_MANS = %D%/coffer.1 %D%/coffer-serve.1 %D%/coffer.conf.5
nodist_fishcompletion_DATA = %D%/coffer.fish
fishcompletiondir = $(datadir)/fish/vendor_completions.d
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
confdir = $(sysconfdir)/coffer
if HAVE_UNIT
unitdir = $(systemdsystemunitdir)
nodist_unit_DATA = %D%/coffer.service
endif

# Shells look for these by their names.
install-data-local: $(install_filled)
	$(MKDIR_P) '$(DESTDIR)$(bashcompletiondir)' '$(DESTDIR)$(zshcompletiondir)' \
		'$(DESTDIR)$(confdir)'
	$(INSTALL_DATA) %D%/coffer.bash '$(DESTDIR)$(bashcompletiondir)/coffer'
	$(INSTALL_DATA) %D%/coffer.zsh '$(DESTDIR)$(zshcompletiondir)/_coffer'
	test -e '$(DESTDIR)$(confdir)/coffer.conf' || \
		$(INSTALL_DATA) %D%/coffer.conf '$(DESTDIR)$(confdir)/coffer.conf'

# A configuration that somebody has changed stays.
uninstall-local: $(install_filled)
	rm -f '$(DESTDIR)$(bashcompletiondir)/coffer' '$(DESTDIR)$(zshcompletiondir)/_coffer'
	! cmp -s %D%/coffer.conf '$(DESTDIR)$(confdir)/coffer.conf' || \
		rm -f '$(DESTDIR)$(confdir)/coffer.conf'
	rmdir '$(DESTDIR)$(confdir)' 2>/dev/null || :
endif

$(install_filled): $(install_templates) %D%/fill$(EXEEXT)
	$(AM_V_GEN)%D%/fill$(EXEEXT) $(srcdir)/$@.in >$@.tmp && mv $@.tmp $@
