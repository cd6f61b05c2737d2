# SPDX-License-Identifier: Apache-2.0
libhsm_a_SOURCES +=
