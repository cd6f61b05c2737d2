// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// Under Azure's own names and addresses: nothing is set but what an application needs there, and
// instance discovery stays on.
func TestAzuresNames(t *testing.T) {
	for _, way := range []string{"secret", "certificate", "workload"} {
		t.Run("an application logs in with a "+way, func(t *testing.T) {
			variables := login(t, way)
			variables["AZURE_TENANT_ID"] = tenant
			delete(variables, "AZURE_AUTHORITY_HOST")
			within(t, variables)
			works(t, must(azidentity.NewDefaultAzureCredential(nil))(t))
		})
	}
	t.Run("a virtual machine finds its metadata", func(t *testing.T) {
		within(t, nil)
		works(t, must(azidentity.NewDefaultAzureCredential(nil))(t))
	})
	t.Run("a machine of Azure Arc reads its key", func(t *testing.T) {
		within(t, map[string]string{
			"IDENTITY_ENDPOINT": login(t, "arc")["IDENTITY_ENDPOINT"],
			"IMDS_ENDPOINT":     "http://169.254.169.254",
		})
		works(t, must(azidentity.NewManagedIdentityCredential(nil))(t))
	})
}
