# SPDX-License-Identifier: Apache-2.0
TESTS += %D%/manual.sh
EXTRA_DIST += %D%/manual.sh %D%/suite.sh
