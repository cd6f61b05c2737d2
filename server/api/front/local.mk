# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/answer.c \
	%D%/capability.c \
	%D%/caller.c \
	%D%/dicom.c \
	%D%/fhir.c \
	%D%/health.c \
	%D%/host.c \
	%D%/instance.c \
	%D%/instance.h \
	%D%/multipart.c \
	%D%/multipart.h \
	%D%/private.h \
	%D%/resource.c \
	%D%/resource.h \
	%D%/search.c \
	%D%/seen.c \
	%D%/site.c
