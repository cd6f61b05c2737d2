// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

// askControl reads a JSON document of the control port.
func askControl(t *testing.T, path string, document any) {
	t.Helper()
	response := must(http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", running.ControlPort, path)))(t)
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(document); err != nil {
		t.Fatal(err)
	}
}

// releasePolicy trusts the server's own authority, for environments with this claim.
func releasePolicy(t *testing.T, value string) *azkeys.KeyReleasePolicy {
	t.Helper()
	var authority struct{ Issuer string }
	askControl(t, "/.well-known/openid-configuration", &authority)
	terms := fmt.Sprintf(`{"version":"1.0.0","anyOf":[{"authority":"%s","anyOf":[%s]}]}`,
		authority.Issuer, `{"claim":"sdk-test","equals":"`+value+`"}`)
	return &azkeys.KeyReleasePolicy{EncodedPolicy: []byte(terms)}
}

// testToken is what the authority says of an environment with a key of its own.
func testToken(t *testing.T) *string {
	t.Helper()
	environment := must(rsa.GenerateKey(rand.Reader, 2048))(t)
	modulus := base64.RawURLEncoding.EncodeToString(environment.N.Bytes())
	query := url.Values{"n": {modulus}, "e": {"AQAB"}}
	var said struct{ Token string }
	askControl(t, "/generate-test-token?"+query.Encode(), &said)
	return &said.Token
}

// openStatement checks the signature of a JWS by the certificate that it names, and reads it.
func openStatement(t *testing.T, statement string, payload any) {
	t.Helper()
	parts := strings.Split(statement, ".")
	decode := func(text string) []byte {
		return must(base64.RawURLEncoding.DecodeString(text))(t)
	}
	var header struct{ X5C []string }
	must[any](nil, json.Unmarshal(decode(parts[0]), &header))(t)
	der := must(base64.StdEncoding.DecodeString(header.X5C[0]))(t)
	signer := must(x509.ParseCertificate(der))(t).PublicKey.(*rsa.PublicKey)
	digest := digestFor("RS256", parts[0]+"."+parts[1])
	equal(t, rsa.VerifyPKCS1v15(signer, crypto.SHA256, digest, decode(parts[2])), nil)
	must[any](nil, json.Unmarshal(decode(parts[1]), payload))(t)
}

func TestAnExportableKey(t *testing.T) {
	token := testToken(t)
	order := func(t *testing.T) azkeys.CreateKeyParameters {
		return azkeys.CreateKeyParameters{
			Kty:           to.Ptr(azkeys.KeyTypeECHSM),
			KeyAttributes: &azkeys.KeyAttributes{Exportable: to.Ptr(true)},
			ReleasePolicy: releasePolicy(t, "true"),
		}
	}

	for _, algorithm := range azkeys.PossibleKeyEncryptionAlgorithmValues() {
		t.Run("is released with "+string(algorithm), func(t *testing.T) {
			key := createEC(t, order(t)).Key
			for _, version := range []string{"", key.KID.Version()} {
				parameters := azkeys.ReleaseParameters{
					TargetAttestationToken: token,
					Algorithm:              &algorithm,
					Nonce:                  to.Ptr("once"),
				}
				got := must(dev.Release(ctx, key.KID.Name(), version, parameters, nil))(t)
				var statement struct {
					Response struct {
						Key struct {
							Key struct {
								KID    string
								KeyHSM string `json:"key_hsm"`
							}
						}
					}
				}
				openStatement(t, *got.Value, &statement)

				equal(t, statement.Response.Key.Key.KID, string(*key.KID))
				equal(t, statement.Response.Key.Key.KeyHSM == "", false)
			}
		})
	}
	t.Run("shows its policy", func(t *testing.T) {
		name := createEC(t, order(t)).Key.KID.Name()
		got := must(dev.GetKey(ctx, name, "", nil))(t)

		equal(t, *got.Attributes.Exportable, true)
		equal(t, *got.ReleasePolicy.Immutable, false)
		equal(t, string(got.ReleasePolicy.EncodedPolicy), string(order(t).ReleasePolicy.EncodedPolicy))
	})
	t.Run("takes another policy", func(t *testing.T) {
		parameters := order(t)
		parameters.ReleasePolicy = releasePolicy(t, "never")
		name := createEC(t, parameters).Key.KID.Name()
		_, err := dev.Release(ctx, name, "", azkeys.ReleaseParameters{TargetAttestationToken: token}, nil)
		refused(t, err, 400, "BadParameter", "")
		change := azkeys.UpdateKeyParameters{ReleasePolicy: releasePolicy(t, "true")}
		must(dev.UpdateKey(ctx, name, "", change, nil))(t)
		must(dev.Release(ctx, name, "", azkeys.ReleaseParameters{TargetAttestationToken: token}, nil))(t)
	})
	t.Run("keeps a policy that is immutable", func(t *testing.T) {
		parameters := order(t)
		parameters.ReleasePolicy.Immutable = to.Ptr(true)
		name := createEC(t, parameters).Key.KID.Name()
		change := azkeys.UpdateKeyParameters{ReleasePolicy: releasePolicy(t, "other")}
		_, err := dev.UpdateKey(ctx, name, "", change, nil)
		refused(t, err, 400, "BadParameter", "")
	})

	for word, change := range map[string]func(*azkeys.CreateKeyParameters){
		"needs a policy":                       func(p *azkeys.CreateKeyParameters) { p.ReleasePolicy = nil },
		"has to be called so to have a policy": func(p *azkeys.CreateKeyParameters) { p.KeyAttributes = nil },
	} {
		t.Run(word, func(t *testing.T) {
			parameters := order(t)
			change(&parameters)
			_, err := dev.CreateKey(ctx, newName("odd"), parameters, nil)
			refused(t, err, 400, "BadParameter", "")
		})
	}
	t.Run("is not what another key is", func(t *testing.T) {
		name := createAny(t, dev, newName("kept")).Key.KID.Name()
		_, err := dev.Release(ctx, name, "", azkeys.ReleaseParameters{TargetAttestationToken: token}, nil)
		refused(t, err, 403, "Forbidden", "KeyOperationForbidden")
	})
}
