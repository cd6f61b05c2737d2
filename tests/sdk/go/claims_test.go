// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

// watched is a credential that remembers with which claims it was asked.
type watched struct {
	azcore.TokenCredential
	claims []string
}

func (credential *watched) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	credential.claims = append(credential.claims, options.Claims)
	return credential.TokenCredential.GetToken(ctx, options)
}

// tell gives an order about an identity, and has the answer in told.
func tell(t *testing.T, method, identity, order string, told any) {
	t.Helper()
	url := fmt.Sprintf("http://127.0.0.1:%d/control/v1/identities/%s", running.ControlPort, identity)
	request := must(http.NewRequest(method, url, bytes.NewBufferString(order)))(t)
	request.Header.Set("Content-Type", "application/json")
	answer := must(http.DefaultClient.Do(request))(t)
	defer answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		t.Fatal(url, answer.Status)
	}
	if err := json.NewDecoder(answer.Body).Decode(told); err != nil {
		t.Fatal(err)
	}
}

// logIn makes a client of an identity of its own, and a key.
func logIn(t *testing.T) (identity string, credential *watched, client *azkeys.Client, key string) {
	t.Helper()
	var told struct {
		Tenant   string
		ClientID string `json:"client_id"`
	}
	identity = newName("cae")
	tell(t, http.MethodPut, identity, `{"type":"application"}`, &told)
	tell(t, http.MethodPost, identity+"/secrets", `{"secret":"its own"}`, &struct{}{})
	options := &azidentity.ClientSecretCredentialOptions{DisableInstanceDiscovery: true}
	options.Cloud = cloud.Configuration{
		ActiveDirectoryAuthorityHost: fmt.Sprintf("https://login.localhost:%d/", running.Port),
	}
	inner := must(azidentity.NewClientSecretCredential(told.Tenant, told.ClientID, "its own", options))(t)
	credential = &watched{TokenCredential: inner}
	client = must(azkeys.NewClient(devURL, credential, nil))(t)
	key = newName("cae")
	must(client.CreateKey(ctx, key, azkeys.CreateKeyParameters{Kty: to.Ptr(azkeys.KeyTypeEC)}, nil))(t)
	return identity, credential, client, key
}

func TestAClientThatAnswersClaimsChallenges(t *testing.T) {
	t.Run("goes on with another token when its sessions are revoked", func(t *testing.T) {
		identity, credential, client, key := logIn(t)
		must(client.GetKey(ctx, key, "", nil))(t)
		asked := len(credential.claims)
		tell(t, http.MethodPost, identity+"/revoke", "{}", &struct{}{})
		must(client.GetKey(ctx, key, "", nil))(t)
		with := 0
		for _, claims := range credential.claims[asked:] {
			if strings.Contains(claims, `"nbf":{"essential":true`) {
				with++
			}
		}
		equal(t, with, 1)
		asked = len(credential.claims)
		must(client.GetKey(ctx, key, "", nil))(t)
		equal(t, len(credential.claims), asked) // the new token is kept
	})
	t.Run("is refused by the authority when its identity is disabled", func(t *testing.T) {
		identity, _, client, key := logIn(t)
		tell(t, http.MethodPost, identity+"/disable", "{}", &struct{}{})
		if _, err := client.GetKey(ctx, key, "", nil); err == nil || !strings.Contains(err.Error(), "AADSTS7000112") {
			t.Error(err)
		}
		tell(t, http.MethodPost, identity+"/enable", "{}", &struct{}{})
		must(client.GetKey(ctx, key, "", nil))(t)
	})
}
