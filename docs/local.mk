# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/access.md \
	%D%/architecture.md \
	%D%/authority.md \
	%D%/clients.md \
	%D%/clock.md \
	%D%/consumers.md \
	%D%/container.md \
	%D%/contract.md \
	%D%/cookbook.md \
	%D%/control-plane.md \
	%D%/events.md \
	%D%/failures.md \
	%D%/faults.md \
	%D%/firewall.md \
	%D%/hsm.md \
	%D%/identity.md \
	%D%/install.md \
	%D%/journal.md \
	%D%/limits.md \
	%D%/modules.md \
	%D%/operations.md \
	%D%/options.md \
	%D%/page.md \
	%D%/page.png \
	%D%/parity.md \
	%D%/performance.md \
	%D%/pool.md \
	%D%/scenarios.md \
	%D%/security.md \
	%D%/state.md \
	%D%/templates.md \
	%D%/troubleshooting.md \
	%D%/trust.md
