# SPDX-License-Identifier: Apache-2.0
TESTS += %D%/manual.sh %D%/completion.sh %D%/unit.sh
EXTRA_DIST += %D%/complete.zsh %D%/completion.sh %D%/manual.sh %D%/suite.sh %D%/unit.sh
