// SPDX-License-Identifier: Apache-2.0

package coffer_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	coffer "coffer.example/testcontainers"
)

// running is the client of the coffer at COFFER_CONTROL_URL, which is as it was after the test.
func running(t *testing.T) *coffer.Coffer {
	t.Helper()
	url := os.Getenv("COFFER_CONTROL_URL")
	if url == "" {
		t.Skip("COFFER_CONTROL_URL names no coffer that runs")
	}
	client := coffer.New(url, 0)
	t.Cleanup(func() { must(t, client.Reset(context.Background())) })
	return client
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func got[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		must(t, err)
		return value
	}
}

// refused wants an error of coffer with this status.
func refused(t *testing.T, err error, status int) *coffer.Error {
	t.Helper()
	var told *coffer.Error
	if !errors.As(err, &told) || told.Status != status {
		t.Fatalf("wanted a refusal with status %d, got: %v", status, err)
	}
	return told
}

func TestARefusalHasStatusCodeAndWords(t *testing.T) {
	_, err := running(t).Vault(t.Context(), "nobody")
	told := refused(t, err, 404)
	if told.Code != "VaultNotFound" || !strings.Contains(told.Message, "no vault named 'nobody'") {
		t.Fatal(told)
	}
}

func TestANameCannotLeadToAnotherPath(t *testing.T) {
	_, err := running(t).CreateVault(t.Context(), "../clock", coffer.VaultSettings{})
	refused(t, err, 400)
}

func TestAFractionOfASecondIsRefusedHere(t *testing.T) {
	_, err := running(t).Advance(t.Context(), 1500*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "whole seconds") {
		t.Fatal(err)
	}
}

func TestAPurgeIsRefusedWhileTheVaultIsProtected(t *testing.T) {
	c := running(t)
	got[coffer.Vault](t)(c.CreateVault(t.Context(), "protected",
		coffer.VaultSettings{PurgeProtection: true}))
	got[coffer.Vault](t)(c.DeleteVault(t.Context(), "protected"))
	refused(t, c.PurgeVault(t.Context(), "protected"), 403)
	must(t, c.ResetVault(t.Context(), "protected"))
	if state := got[coffer.Vault](t)(c.Vault(t.Context(), "protected")).State; state != "live" {
		t.Fatal(state)
	}
}

func TestOrdersAloneShowTheControlToken(t *testing.T) {
	var shown []string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown = append(shown, r.Header.Get("Authorization"))
		_, _ = w.Write([]byte("{}"))
	}))
	defer other.Close()
	c := coffer.New(other.URL, 0).WithControlToken("0123456789abcdef")
	got[coffer.Info](t)(c.Info(t.Context()))
	got[[]byte](t)(c.CACertificate(t.Context()))
	got[coffer.Info](t)(coffer.New(other.URL, 0).Info(t.Context()))
	if len(shown) != 3 || shown[0] != "Bearer 0123456789abcdef" || shown[1]+shown[2] != "" {
		t.Fatal(shown)
	}
}

func TestARoleThatIsNotThereIsRefused(t *testing.T) {
	c, ctx := running(t), t.Context()
	got[coffer.Vault](t)(c.CreateVault(ctx, "roles", coffer.VaultSettings{Access: "rbac"}))
	_, err := c.Grant(ctx, "roles", coffer.Grant{Role: "cook"})
	refused(t, err, 404)
	refused(t, c.Revoke(ctx, "roles", coffer.Grant{Role: "owner"}), 404)
	refused(t, c.Revoke(ctx, "roles", coffer.Grant{}), 404)
	if _, err = c.Grant(ctx, "roles", coffer.Grant{Role: "owner", Permissions: []string{}}); err == nil {
		t.Fatal("a role and permissions were taken together")
	}
}

// statusOfKeys is what the identity gets for a list of the keys.
func statusOfKeys(t *testing.T, c *coffer.Coffer, vault, identity string) int {
	t.Helper()
	ctx := t.Context()
	url := got[string](t)(c.VaultURL(ctx, vault)) + "/keys?api-version=7.6"
	request := got[*http.Request](t)(http.NewRequestWithContext(ctx, http.MethodGet, url, nil))
	token := got[string](t)(c.TokenOf(ctx, identity, "https://vault.azure.net"))
	request.Header.Set("Authorization", "Bearer "+token)
	answer := got[*http.Response](t)(got[*http.Client](t)(c.HTTPClient(ctx)).Do(request))
	defer answer.Body.Close()
	return answer.StatusCode
}

func TestWhatWasGrantedIsTakenBack(t *testing.T) {
	c, ctx := running(t), t.Context()
	vault := got[coffer.Vault](t)(c.CreateVault(ctx, "granted", coffer.VaultSettings{Access: "policy"}))
	if vault.Access != "policy" {
		t.Fatal(vault)
	}
	role := coffer.Grant{Role: "key-vault-reader", Identity: "service", Key: "k"}
	if name := got[string](t)(c.Grant(ctx, "granted", role)); name == "" {
		t.Fatal("the assignment has no name")
	}
	must(t, c.Revoke(ctx, "granted", role))
	policy := coffer.Grant{Permissions: []string{"list"}, Identity: "service"}
	got[string](t)(c.Grant(ctx, "granted", policy))
	if status := statusOfKeys(t, c, "granted", "service"); status != http.StatusOK {
		t.Fatal(status)
	}
	if status := statusOfKeys(t, c, "granted", ""); status != http.StatusForbidden {
		t.Fatal(status)
	}
	must(t, c.Revoke(ctx, "granted", policy))
	if status := statusOfKeys(t, c, "granted", "service"); status != http.StatusForbidden {
		t.Fatal(status)
	}
}

func TestNobodyThereIsNoRefusal(t *testing.T) {
	_, err := coffer.New("http://127.0.0.1:1", 0).Info(t.Context())
	var told *coffer.Error
	if err == nil || errors.As(err, &told) {
		t.Fatal(err)
	}
}

func TestAnAnswerThatIsNotCoffersIsARefusal(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<html>", http.StatusBadGateway)
	}))
	defer other.Close()
	_, err := coffer.New(other.URL, 0).Info(t.Context())
	if told := refused(t, err, 502); told.Code != "Unknown" {
		t.Fatal(told)
	}
}

func TestAVaultLivesDiesReturnsAndIsGone(t *testing.T) {
	c, ctx := running(t), t.Context()
	vault := got[coffer.Vault](t)(c.CreateVault(ctx, "life", coffer.VaultSettings{Retention: 7}))
	if vault.State != "live" || vault.Kind != "vault" || vault.Retention != 7 {
		t.Fatal(vault)
	}
	if dead := got[coffer.Vault](t)(c.DeleteVault(ctx, "life")); dead.State != "deleted" {
		t.Fatal(dead)
	}
	if back := got[coffer.Vault](t)(c.RecoverVault(ctx, "life")); back != vault {
		t.Fatal(back)
	}
	got[coffer.Vault](t)(c.DeleteVault(ctx, "life"))
	must(t, c.PurgeVault(ctx, "life"))
	for _, one := range got[[]coffer.Vault](t)(c.Vaults(ctx)) {
		if one.Name == "life" {
			t.Fatal(one)
		}
	}
}

func TestTheClockMovesAndSaysWhatItRan(t *testing.T) {
	c, ctx := running(t), t.Context()
	got[coffer.Vault](t)(c.CreateVault(ctx, "brief", coffer.VaultSettings{Retention: 7}))
	got[coffer.Vault](t)(c.DeleteVault(ctx, "brief"))
	clock := got[coffer.Clock](t)(c.Advance(ctx, 8*24*time.Hour))
	if len(clock.Ran) != 1 || clock.Ran[0].What != "vault purge" || clock.Ran[0].Vault != "brief" {
		t.Fatal(clock)
	}
	if now := got[coffer.Clock](t)(c.Clock(ctx)); now.Offset != 8*86400 {
		t.Fatal(now)
	}
	if now := got[coffer.Clock](t)(c.ResetClock(ctx)); now.Offset != 0 {
		t.Fatal(now)
	}
}

func TestAMappedPortStandsInTheURLsOfVaults(t *testing.T) {
	mapped, ctx := coffer.New(running(t).ControlURL(), 4711), t.Context()
	for name, want := range map[string]string{
		"":     "https://dev.vault.localhost:4711",
		"pool": "https://pool.managedhsm.localhost:4711",
	} {
		if url := got[string](t)(mapped.VaultURL(ctx, name)); url != want {
			t.Fatal(url)
		}
	}
	for _, one := range got[[]coffer.Vault](t)(mapped.Vaults(ctx)) {
		if !strings.HasSuffix(one.URL, ".localhost:4711") {
			t.Fatal(one)
		}
	}
}

func TestTheCertificateIsWhatAClientHasToTrust(t *testing.T) {
	c, ctx := running(t), t.Context()
	url := got[string](t)(c.VaultURL(ctx, "")) + "/keys?api-version=7.6"
	if _, err := (&http.Client{}).Get(url); err == nil ||
		!strings.Contains(err.Error(), "certificate") {
		t.Fatal(err)
	}
	request := got[*http.Request](t)(http.NewRequestWithContext(ctx, http.MethodGet, url, nil))
	token := got[string](t)(c.Token(ctx, "https://vault.azure.net"))
	request.Header.Set("Authorization", "Bearer "+token)
	answer := got[*http.Response](t)(got[*http.Client](t)(c.HTTPClient(ctx)).Do(request))
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status)
	}
}

func TestTheEnvironmentNamesVaultIdentityAndCertificate(t *testing.T) {
	c, ctx := running(t), t.Context()
	file := filepath.Join(t.TempDir(), "ca.pem")
	environment := got[map[string]string](t)(c.Environment(ctx, "pool", file))
	vault := got[string](t)(c.VaultURL(ctx, "pool"))
	for name, want := range map[string]string{
		"AZURE_AUTHORITY_HOST": "https://login.localhost:" + vault[strings.LastIndex(vault, ":")+1:],
		"AZURE_KEYVAULT_URL":   vault,
		"IDENTITY_ENDPOINT":    c.ControlURL() + "/msi/token",
		"IDENTITY_HEADER":      "coffer",
		"SSL_CERT_FILE":        file,
	} {
		if environment[name] != want {
			t.Fatal(name, environment[name], want)
		}
	}
}
