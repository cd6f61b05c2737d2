// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

var (
	tenant   = os.Getenv("SDK_TENANT")
	clientID = os.Getenv("SDK_CLIENT_ID")

	// What makes the credentials go to coffer and ask nobody else about it. By variables of the
	// environment alone that is to be had where the challenge names the tenant adfs, too
	// (adfs_test.go).
	options = azcore.ClientOptions{
		Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: os.Getenv("SDK_AUTHORITY")},
	}

	// What credentials look at.
	lookedAt = []string{
		"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET", "IMDS_ENDPOINT",
		"AZURE_POD_IDENTITY_AUTHORITY_HOST", "AZURE_AUTHORITY_HOST", "AZURE_CLIENT_ID",
		"AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH",
		"AZURE_FEDERATED_TOKEN_FILE",
	}
)

// login gives the variables that `coffer env --as` prints for a way to log in.
func login(t *testing.T, way string) map[string]string {
	t.Helper()
	text := must(os.ReadFile(filepath.Join(os.Getenv("SDK_LOGINS"), way+".json")))(t)
	variables := map[string]string{}
	if err := json.Unmarshal(text, &variables); err != nil {
		t.Fatal(err)
	}
	for name := range variables {
		if !slices.Contains(lookedAt, name) {
			delete(variables, name)
		}
	}
	return variables
}

// within has nothing of what credentials look at but these variables, to the end of the test.
func within(t *testing.T, variables map[string]string) {
	t.Helper()
	for _, name := range lookedAt {
		t.Setenv(name, variables[name]) // so that it comes back
		if variables[name] == "" {
			os.Unsetenv(name)
		}
	}
}

// works checks that whoever this is can make a key, and wrap and unwrap with it.
func works(t *testing.T, credential azcore.TokenCredential) {
	t.Helper()
	client := must(azkeys.NewClient(os.Getenv("AZURE_KEYVAULT_URL"), credential, nil))(t)
	name, dataKey := newName("login"), newDataKey()
	key := createRSA(t, client, name)
	algorithm := azkeys.EncryptionAlgorithmRSAOAEP256
	wrapped := must(client.WrapKey(ctx, name, "", parameters(algorithm, dataKey), nil))(t)
	opened := must(client.UnwrapKey(ctx, name, key.Key.KID.Version(), parameters(algorithm, wrapped.Result), nil))(t)

	if !bytes.Equal(opened.Result, dataKey) {
		t.Error("another data key has come back")
	}
}

func tokenRefused(t *testing.T, credential azcore.TokenCredential, word string) {
	t.Helper()
	scopes := policy.TokenRequestOptions{Scopes: []string{"https://vault.azure.net/.default"}}
	_, err := credential.GetToken(ctx, scopes)
	if err == nil || !strings.Contains(err.Error(), word) {
		t.Errorf("no %s in: %v", word, err)
	}
}

func readCertificate(t *testing.T) ([]*x509.Certificate, crypto.PrivateKey) {
	t.Helper()
	text := must(os.ReadFile(login(t, "certificate")["AZURE_CLIENT_CERTIFICATE_PATH"]))(t)
	certificates, key, err := azidentity.ParseCertificates(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return certificates, key
}

func TestAnApplicationLogsIn(t *testing.T) {
	newSecret := func(t *testing.T, secret string) azcore.TokenCredential {
		return must(azidentity.NewClientSecretCredential(tenant, clientID, secret,
			&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true}))(t)
	}
	newWorkload := func(t *testing.T, file string) azcore.TokenCredential {
		return must(azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: true,
			ClientID: clientID, TenantID: tenant, TokenFilePath: file,
		}))(t)
	}

	t.Run("not with a wrong secret", func(t *testing.T) {
		tokenRefused(t, newSecret(t, "no"), "AADSTS7000215")
	})
	t.Run("not with a token that is none", func(t *testing.T) {
		tokenRefused(t, newWorkload(t, os.Getenv("SDK_RUN_JSON")), "AADSTS50027")
	})
	t.Run("not by the environment alone", func(t *testing.T) {
		within(t, login(t, "secret"))
		client := must(azkeys.NewClient(devURL, must(azidentity.NewDefaultAzureCredential(nil))(t), nil))(t)
		_, err := client.GetKey(ctx, newName("any"), "", nil)
		if err == nil || !strings.Contains(err.Error(), "ADFS doesn't support tenants") {
			t.Error(err)
		}
	})
	t.Run("with a secret", func(t *testing.T) {
		works(t, newSecret(t, login(t, "secret")["AZURE_CLIENT_SECRET"]))
	})
	for _, chain := range []bool{false, true} {
		name := map[bool]string{false: "with a certificate", true: "with a certificate and its chain"}[chain]
		t.Run(name, func(t *testing.T) {
			certificates, key := readCertificate(t)
			works(t, must(azidentity.NewClientCertificateCredential(tenant, clientID, certificates, key,
				&azidentity.ClientCertificateCredentialOptions{
					ClientOptions: options, DisableInstanceDiscovery: true, SendCertificateChain: chain,
				}))(t))
		})
	}
	t.Run("as a workload", func(t *testing.T) {
		works(t, newWorkload(t, login(t, "workload")["AZURE_FEDERATED_TOKEN_FILE"]))
	})
}

func TestAManagedIdentityLogsIn(t *testing.T) {
	for _, way := range []string{"app-service", "imds"} {
		t.Run("by "+way, func(t *testing.T) {
			within(t, login(t, way))
			works(t, must(azidentity.NewDefaultAzureCredential(nil))(t))
		})
		t.Run("as no application by "+way, func(t *testing.T) {
			variables := login(t, way)
			variables["AZURE_CLIENT_ID"] = clientID
			within(t, variables)
			tokenRefused(t, must(azidentity.NewDefaultAzureCredential(nil))(t), "ManagedIdentityCredential")
		})
	}
}
