# SPDX-License-Identifier: Apache-2.0
coffer_SOURCES +=
