// SPDX-License-Identifier: Apache-2.0

// The 26 scenarios of docs/scenarios.md, and what an application sees of each.
//
//	coffer serve --ephemeral --vault dev &
//	COFFER_CONTROL_URL=http://127.0.0.1:8080 go test -v
//
// One row for each: what happens, what the application does meanwhile, and what comes of it. Copy the
// rows that your application has to survive, and put your own code in place of the methods.
package examples

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"

	"coffer.example/testcontainers"
)

const vault = "dev"

var dataKey = []byte("0123456789abcdef0123456789abcdef")

// application is yours. It wraps its data key by a key of the vault, as customer-managed keys do.
type application struct {
	running  *coffer.Coffer
	clientID string
	keys     *azkeys.Client
	version  string
	wrapped  []byte
}

func newApplication(t *testing.T, running *coffer.Coffer) *application {
	for name, value := range running.IdentityEnvironment() {
		t.Setenv(name, value)
	}
	ctx, app := t.Context(), &application{running: running}
	var own struct {
		ClientID string `json:"client_id"`
	}
	order := members{"type": "user-assigned"}
	if err := running.Ask(ctx, "PUT", "/control/v1/identities/app", order, &own); err != nil {
		t.Fatal(err)
	}
	app.clientID = own.ClientID
	credential := must(azidentity.NewManagedIdentityCredential(nil))(t)
	options := &azkeys.ClientOptions{}
	options.Retry = policy.RetryOptions{MaxRetries: -1}
	options.Transport = must(running.HTTPClient(ctx))(t)
	app.keys = must(azkeys.NewClient(must(running.VaultURL(ctx, vault))(t), credential, options))(t)
	must(app.keys.CreateKey(ctx, "ec", azkeys.CreateKeyParameters{Kty: to.Ptr(azkeys.KeyTypeEC)}, nil))(t)
	made := must(app.keys.CreateKey(ctx, "cmk", azkeys.CreateKeyParameters{Kty: to.Ptr(azkeys.KeyTypeRSA)}, nil))(t)
	app.version = made.Key.KID.Version()
	app.wrapped = must(app.wrap(ctx))(t).([]byte)
	return app
}

func (a *application) get(ctx context.Context) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	key, err := a.keys.GetKey(ctx, "cmk", "", nil)
	return key.KeyBundle, err
}

func (a *application) getTwice(ctx context.Context) (any, error) {
	if _, err := a.get(ctx); err != nil {
		return nil, fmt.Errorf("the first time: %v", err)
	}
	return a.get(ctx)
}

func (a *application) update(ctx context.Context) (any, error) {
	tags := map[string]*string{"a": to.Ptr("b")}
	return a.keys.UpdateKey(ctx, "cmk", a.version, azkeys.UpdateKeyParameters{Tags: tags}, nil)
}

func (a *application) wrap(ctx context.Context) (any, error) {
	done, err := a.keys.WrapKey(ctx, "cmk", a.version, a.operation(dataKey), nil)
	return done.Result, err
}

func (a *application) unwrap(ctx context.Context) (any, error) {
	done, err := a.keys.UnwrapKey(ctx, "cmk", a.version, a.operation(a.wrapped), nil)
	return done.Result, err
}

func (a *application) operation(value []byte) azkeys.KeyOperationParameters {
	return azkeys.KeyOperationParameters{Algorithm: to.Ptr(azkeys.EncryptionAlgorithmRSAOAEP256), Value: value}
}

func (a *application) sign(ctx context.Context) (any, error) {
	order := azkeys.SignParameters{Algorithm: to.Ptr(azkeys.SignatureAlgorithmES256), Value: dataKey}
	done, err := a.keys.Sign(ctx, "ec", "", order, nil)
	return done.Result, err
}

// logIn is anew, with an identity that is its own.
func (a *application) logIn(ctx context.Context) (any, error) {
	return a.running.TokenOf(ctx, a.clientID, "https://vault.azure.net")
}

// What comes of it: "" when it is what the row says.
type outcome func(result any, err error) string

// refused: the status, error.code and error.innererror.code; "": there is none.
func refused(status int, code, inner string) outcome {
	return func(_ any, err error) string {
		var answer *azcore.ResponseError
		if !errors.As(err, &answer) {
			return fmt.Sprint("no refusal by the server: ", err)
		}
		var body struct {
			Error struct{ InnerError struct{ Code string } }
		}
		text, _ := runtime.Payload(answer.RawResponse)
		_ = json.Unmarshal(text, &body) // a body that is not JSON has no code
		seen := fmt.Sprint(answer.StatusCode, answer.ErrorCode, body.Error.InnerError.Code)
		return unless(seen == fmt.Sprint(status, code, inner), seen)
	}
}

// answered: this status, whatever it says.
func answered(status int) outcome {
	return func(_ any, err error) string {
		var answer *azcore.ResponseError
		return unless(errors.As(err, &answer) && answer.StatusCode == status, err)
	}
}

// noToken: whoever gives tokens refuses.
func noToken(_ any, err error) string {
	var answer *coffer.Error
	return unless(errors.As(err, &answer) && answer.Status == 400, err)
}

// disconnected: an error, and no answer by the server.
func disconnected(_ any, err error) string {
	var answer *azcore.ResponseError
	return unless(err != nil && !errors.As(err, &answer), err)
}

func timedOut(_ any, err error) string {
	return unless(errors.Is(err, context.DeadlineExceeded), err)
}

// returned: no error, but something else than usual.
func returned[T any](isRight func(T) bool) outcome {
	return func(result any, err error) string {
		value, ok := result.(T)
		return unless(err == nil && ok && isRight(value), fmt.Sprint(result, err))
	}
}

func unless(isRight bool, seen any) string {
	if isRight {
		return ""
	}
	return fmt.Sprint("seen: ", seen)
}

type members = coffer.Members

var key = members{"key": "cmk"}

var rows = []struct {
	name       string
	parameters members
	act        func(*application, context.Context) (any, error)
	see        outcome
}{
	{"key-disabled", key, (*application).unwrap, refused(403, "Forbidden", "KeyDisabled")},
	{"key-expired", members{"key": "ec"}, (*application).sign, refused(403, "Forbidden", "KeyExpired")},
	{"key-deleted", key, (*application).get, refused(404, "KeyNotFound", "")},
	{"key-purged", key, (*application).unwrap, refused(404, "KeyNotFound", "")},
	{"vault-deleted", nil, (*application).get, refused(404, "VaultNotFound", "")},
	{"policy-removed", members{"permission": "unwrapKey"}, (*application).unwrap,
		refused(403, "Forbidden", "ForbiddenByPolicy")},
	{"role-removed", nil, (*application).get, refused(403, "Forbidden", "ForbiddenByRbac")},
	{"operation-not-permitted", key, (*application).unwrap, refused(403, "Forbidden", "KeyOperationForbidden")},
	{"identity-lost", members{"identity": "app"}, (*application).logIn, noToken},
	{"tenant-moved", nil, (*application).get, answered(401)},
	{"firewall-closed", nil, (*application).get, refused(403, "Forbidden", "ForbiddenByFirewall")},
	{"public-access-off", nil, (*application).get, refused(403, "Forbidden", "ForbiddenByConnection")},
	{"private-dns-missing", nil, (*application).get, disconnected},
	{"throttled", key, (*application).unwrap, refused(429, "Throttled", "")},
	{"server-error", nil, (*application).get, refused(503, "ServiceUnavailable", "")},
	{"slow", members{"how": "never"}, (*application).get, timedOut},
	{"connection-failures", nil, (*application).get, disconnected},
	{"rotated", key, (*application).unwrap, refused(403, "Forbidden", "KeyDisabled")},
	{"wrong-key", key, (*application).unwrap, refused(400, "BadParameter", "")},
	{"key-replaced", key, (*application).get,
		returned(func(k azkeys.KeyBundle) bool { return *k.Key.Kty == azkeys.KeyTypeEC })},
	{"hsm-unavailable", nil, (*application).unwrap, refused(503, "ServiceUnavailable", "")},
	{"clock-skew", nil, (*application).get, answered(401)},
	{"region-failover", nil, (*application).update, refused(403, "Forbidden", "")},
	{"permission-delay", nil, (*application).getTwice, refused(403, "Forbidden", "ForbiddenByRbac")},
	{"wrong-plaintext", nil, (*application).unwrap,
		returned(func(plain []byte) bool { return !bytes.Equal(plain, dataKey) })},
	{"leading-zero-signature", nil, (*application).sign,
		returned(func(signature []byte) bool { return signature[0] == 0 })},
}

func TestScenarios(t *testing.T) {
	url := os.Getenv("COFFER_CONTROL_URL")
	if url == "" {
		url = "http://127.0.0.1:8080"
	}
	running := coffer.New(url, 0)
	app := newApplication(t, running)
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			begun := running.Scenario(t, row.name, row.parameters)
			if wrong := row.see(row.act(app, t.Context())); wrong != "" {
				t.Error(wrong)
			}
			if err := begun.Revert(t.Context()); err != nil {
				t.Fatal(err)
			}
			again := must(app.unwrap(t.Context()))(t).([]byte)
			if !bytes.Equal(again, dataKey) {
				t.Error("it does not work again")
			}
		})
	}
}

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
