// SPDX-License-Identifier: Apache-2.0

package coffer_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"

	coffer "coffer.example/testcontainers"
)

func TestTheUnmodifiedSDKTakesURLIdentityAndTransport(t *testing.T) {
	c, ctx := running(t), t.Context()
	vault := got[coffer.Vault](t)(c.CreateVault(ctx, "sdk", coffer.VaultSettings{Retention: 7}))
	for name, value := range c.IdentityEnvironment() {
		t.Setenv(name, value)
	}
	credential := got[*azidentity.ManagedIdentityCredential](t)(
		azidentity.NewManagedIdentityCredential(nil))
	options := &azkeys.ClientOptions{}
	options.Transport = got[*http.Client](t)(c.HTTPClient(ctx))
	client := got[*azkeys.Client](t)(azkeys.NewClient(vault.URL, credential, options))

	got[azkeys.CreateKeyResponse](t)(client.CreateKey(ctx, "cmk",
		azkeys.CreateKeyParameters{Kty: to.Ptr(azkeys.KeyTypeEC)}, nil))
	got[azkeys.DeleteKeyResponse](t)(client.DeleteKey(ctx, "cmk", nil))
	got[azkeys.GetDeletedKeyResponse](t)(client.GetDeletedKey(ctx, "cmk", nil))
	got[coffer.Clock](t)(c.Advance(ctx, 8*24*time.Hour))
	status := func() int { // with the token that the client holds
		_, err := client.GetDeletedKey(ctx, "cmk", nil)
		var answer *azcore.ResponseError
		if !errors.As(err, &answer) {
			t.Fatal(err)
		}
		return answer.StatusCode
	}
	if got := status(); got != http.StatusNotFound {
		t.Fatal(got)
	}
	got[coffer.Clock](t)(c.AdvanceWithTokens(ctx, 48*time.Hour))
	if got := status(); got != http.StatusUnauthorized {
		t.Fatal(got)
	}
	got[coffer.Clock](t)(c.ResetClock(ctx))
	if got := status(); got != http.StatusNotFound {
		t.Fatal(got)
	}
}
