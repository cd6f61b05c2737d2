// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

// fixedToken is a credential that has one token, whatever it is asked for.
type fixedToken string

func (token fixedToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(token), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func tokenFor(t *testing.T, resource string) string {
	t.Helper()
	options := policy.TokenRequestOptions{Scopes: []string{resource + "/.default"}}
	return must(credential.GetToken(ctx, options))(t).Token
}

func TestACallWithoutAToken(t *testing.T) {
	t.Run("is challenged whatever it asks for", func(t *testing.T) {
		response := must(http.Get(devURL + "/nonsense"))(t)
		defer response.Body.Close()
		challenge := regexp.MustCompile(fmt.Sprintf(
			`^Bearer authorization="https://[^" =]+/[0-9a-f-]{36}", resource="https://vault\.localhost:%d"$`,
			running.Port))

		equal(t, response.StatusCode, http.StatusUnauthorized)
		if got := response.Header.Get("WWW-Authenticate"); !challenge.MatchString(got) {
			t.Error(got)
		}
	})
}

func TestAToken(t *testing.T) {
	ask := func(t *testing.T, token string) error {
		client := must(azkeys.NewClient(devURL, fixedToken(token), nil))(t)
		_, err := client.GetKey(ctx, newName("any"), "", nil)
		return err
	}

	t.Run("that nobody issued is refused", func(t *testing.T) {
		refused(t, ask(t, "e30.e30.c2ln"), 401, "Unauthorized", "")
	})
	t.Run("for another service is refused", func(t *testing.T) {
		refused(t, ask(t, tokenFor(t, "https://management.azure.com")), 401, "Unauthorized", "")
	})
	t.Run("with a changed signature is refused", func(t *testing.T) {
		token := []byte(tokenFor(t, "https://vault.azure.net"))
		if last := &token[len(token)-10]; *last == 'A' {
			*last = 'B'
		} else {
			*last = 'A'
		}

		refused(t, ask(t, string(token)), 401, "Unauthorized", "")
	})
	t.Run("that is for every vault is taken", func(t *testing.T) {
		refused(t, ask(t, tokenFor(t, "https://vault.azure.net")), 404, "KeyNotFound", "")
	})
	t.Run("that is for this vault is taken", func(t *testing.T) {
		resource := fmt.Sprintf("https://vault.localhost:%d", running.Port)

		refused(t, ask(t, tokenFor(t, resource)), 404, "KeyNotFound", "")
	})
}

func TestTheClient(t *testing.T) {
	t.Run("turns away from a vault that is not below the resource", func(t *testing.T) {
		url := fmt.Sprintf("https://localhost:%d", running.Port)
		client := must(azkeys.NewClient(url, credential, nil))(t)
		_, err := client.GetKey(ctx, "any", "", nil)

		if err == nil || !strings.Contains(err.Error(), "doesn't match the requested domain") {
			t.Error(err)
		}
	})
}

func TestTheInstanceMetadataService(t *testing.T) {
	t.Run("gives tokens too", func(t *testing.T) {
		for _, name := range []string{"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET"} {
			t.Setenv(name, "") // so that it comes back
			os.Unsetenv(name)
		}
		imds := must(azidentity.NewManagedIdentityCredential(nil))(t)
		client := must(azkeys.NewClient(devURL, imds, nil))(t)
		parameters := azkeys.CreateKeyParameters{Kty: to.Ptr(azkeys.KeyTypeRSA)}
		name := newName("imds")
		must(client.CreateKey(ctx, name, parameters, nil))(t)

		must(dev.GetKey(ctx, name, "", nil))(t)
	})
}
