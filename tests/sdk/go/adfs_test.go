// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// What `coffer env` prints is enough where challenges name the tenant adfs, too.
func TestAdfsByTheEnvironmentAlone(t *testing.T) {
	for _, way := range []string{"secret", "certificate", "workload"} {
		t.Run(way, func(t *testing.T) {
			within(t, login(t, way))
			works(t, must(azidentity.NewDefaultAzureCredential(nil))(t))
		})
	}
}

func TestAdfsAManagedIdentity(t *testing.T) {
	within(t, login(t, "app-service"))
	works(t, must(azidentity.NewDefaultAzureCredential(nil))(t))
}
