// SPDX-License-Identifier: Apache-2.0

package coffer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
)

// CACertificate returns the certificate of coffer's authority, PEM.
func (c *Coffer) CACertificate(ctx context.Context) ([]byte, error) {
	return c.fetch(ctx, http.MethodGet, "/ca.pem", nil, nil)
}

// HTTPClient returns a client that trusts coffer, and nobody else: the Transport of the SDK's
// ClientOptions.
func (c *Coffer) HTTPClient(ctx context.Context) (*http.Client, error) {
	certificate, err := c.CACertificate(ctx)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(certificate) {
		return nil, errors.New("what coffer gives as its certificate is none")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return &http.Client{Transport: transport}, nil
}

// Token returns an access token for a resource: https://vault.azure.net, or
// https://managedhsm.azure.net for a managed HSM.
func (c *Coffer) Token(ctx context.Context, resource string) (string, error) {
	return c.TokenOf(ctx, "", resource)
}

// TokenOf returns the same of an identity: any name is one. azidentity has it by ClientID(name).
func (c *Coffer) TokenOf(ctx context.Context, identity, resource string) (string, error) {
	query := url.Values{"api-version": {"2019-08-01"}, "resource": {resource}}
	if identity != "" {
		query.Set("client_id", identity)
	}
	text, err := c.fetch(ctx, http.MethodGet, "/msi/token?"+query.Encode(), nil,
		http.Header{"X-Identity-Header": {"coffer"}})
	if err != nil {
		return "", err
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	return answer.Token, json.Unmarshal(text, &answer)
}

// IdentityEnvironment returns the variables by which azidentity finds coffer's managed identity.
func (c *Coffer) IdentityEnvironment() map[string]string {
	endpoint := c.controlURL + "/msi/token"
	return map[string]string{
		"IDENTITY_ENDPOINT":                 endpoint,
		"IDENTITY_HEADER":                   "coffer",
		"MSI_ENDPOINT":                      endpoint,
		"MSI_SECRET":                        "coffer",
		"AZURE_POD_IDENTITY_AUTHORITY_HOST": c.controlURL,
	}
}

// Environment returns what `coffer env` prints, for programs that a test starts: the vault (empty:
// the first one), the identity, and caFile, where the caller has written CACertificate.
func (c *Coffer) Environment(ctx context.Context, name, caFile string) (map[string]string, error) {
	vault, err := c.named(ctx, name)
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(vault.URL)
	if err != nil {
		return nil, err
	}
	environment := c.IdentityEnvironment()
	environment["AZURE_AUTHORITY_HOST"] = "https://login.localhost:" + address.Port()
	environment["AZURE_KEYVAULT_URL"] = vault.URL
	environment["AZURE_KEYVAULT_NAME"] = vault.Name
	environment["KEY_VAULT_URI"] = vault.URL
	for _, trust := range []string{"NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE",
		"CURL_CA_BUNDLE"} {
		environment[trust] = caFile
	}
	return environment, nil
}
