// SPDX-License-Identifier: Apache-2.0

// Package sdk drives a running coffer with the unmodified Go SDK. Resource verification stays on,
// and credentials are found as in production. This SDK does nothing locally: every operation below
// is the server's.
package sdk

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

var (
	ctx        = context.Background()
	credential azcore.TokenCredential
	dev        *azkeys.Client
	locked     *azkeys.Client
	pool       *azkeys.Client // a managed HSM
	devURL     = os.Getenv("AZURE_KEYVAULT_URL")

	// What the server says of itself, in its run.json.
	running struct {
		Port        int
		ControlPort int `json:"control_port"`
		Vaults      []struct{ Name, URL string }
	}
)

func prepare() error {
	text, err := os.ReadFile(os.Getenv("SDK_RUN_JSON"))
	if err != nil {
		return err
	}
	if err = json.Unmarshal(text, &running); err != nil {
		return err
	}
	if credential, err = azidentity.NewDefaultAzureCredential(nil); err != nil {
		return err
	}
	if dev, err = azkeys.NewClient(devURL, credential, nil); err != nil {
		return err
	}
	if locked, err = azkeys.NewClient(urlOf("locked"), credential, nil); err != nil {
		return err
	}
	pool, err = azkeys.NewClient(urlOf("pool"), credential, nil)
	return err
}

func TestMain(m *testing.M) {
	if os.Getenv("SDK_ASK") != "" {
		if err := ask(); err != nil {
			fmt.Println(err)
		}
		return
	}
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func urlOf(vault string) string {
	for _, one := range running.Vaults {
		if one.Name == vault {
			return one.URL
		}
	}
	panic("no vault is called " + vault)
}

func randomBytes(count int) []byte {
	bytes := make([]byte, count)
	_, _ = rand.Read(bytes) // it does not fail
	return bytes
}

// newName makes a name no other test has.
func newName(prefix string) string {
	return prefix + "-" + hex.EncodeToString(randomBytes(6))
}

func newDataKey() []byte {
	return randomBytes(32)
}

// must lets a call stand in an expression: must(client.GetKey(...))(t).
func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", show(got), show(want))
	}
}

// show follows pointers, which most fields of the SDK are.
func show(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

// refused checks status, error.code and error.innererror.code ("": there is none) of an error, and
// gives its message.
func refused(t *testing.T, err error, status int, code, inner string) string {
	t.Helper()
	var response *azcore.ResponseError
	if !errors.As(err, &response) {
		t.Fatalf("this is no refusal by the server: %v", err)
	}
	body := must(runtime.Payload(response.RawResponse))(t)
	var found struct {
		Error struct {
			Message    string
			InnerError struct{ Code string }
		}
	}
	if err := json.Unmarshal(body, &found); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(response.StatusCode, response.ErrorCode, found.Error.InnerError.Code)
	if want := fmt.Sprint(status, code, inner); got != want {
		t.Errorf("got %s, want %s: %s", got, want, found.Error.Message)
	}
	return found.Error.Message
}

func create(t *testing.T, client *azkeys.Client, name string, kind azkeys.KeyType) azkeys.KeyBundle {
	t.Helper()
	parameters := azkeys.CreateKeyParameters{Kty: &kind}
	return must(client.CreateKey(ctx, name, parameters, nil))(t).KeyBundle
}

func createRSA(t *testing.T, client *azkeys.Client, name string) azkeys.KeyBundle {
	t.Helper()
	return create(t, client, name, azkeys.KeyTypeRSA)
}

// createAny is for tests that do not care what kind of key they have; this one is made quickly.
func createAny(t *testing.T, client *azkeys.Client, name string) azkeys.KeyBundle {
	t.Helper()
	return create(t, client, name, azkeys.KeyTypeEC)
}

func deleteKey(t *testing.T, client *azkeys.Client, name string) azkeys.DeletedKey {
	t.Helper()
	return must(client.DeleteKey(ctx, name, nil))(t).DeletedKey
}

func recoverKey(t *testing.T, client *azkeys.Client, name string) azkeys.KeyBundle {
	t.Helper()
	return must(client.RecoverDeletedKey(ctx, name, nil))(t).KeyBundle
}

// collect gives what a pager brings, page by page.
func collect[T any](t *testing.T, pager *runtime.Pager[T]) []T {
	t.Helper()
	var pages []T
	for pager.More() {
		pages = append(pages, must(pager.NextPage(ctx))(t))
	}
	return pages
}

// versionsOf lists the ids of a key's versions.
func versionsOf(t *testing.T, client *azkeys.Client, name string) []string {
	t.Helper()
	ids := []string{}
	for _, page := range collect(t, client.NewListKeyPropertiesVersionsPager(name, nil)) {
		for _, one := range page.Value {
			ids = append(ids, string(*one.KID))
		}
	}
	return ids
}

// operation is one of the four that take a value and give one.
type operation func(key *azkeys.ID, algorithm azkeys.EncryptionAlgorithm, value []byte) ([]byte, error)

func parameters(algorithm azkeys.EncryptionAlgorithm, value []byte) azkeys.KeyOperationParameters {
	return azkeys.KeyOperationParameters{Algorithm: &algorithm, Value: value}
}

func encrypt(key *azkeys.ID, algorithm azkeys.EncryptionAlgorithm, value []byte) ([]byte, error) {
	got, err := dev.Encrypt(ctx, key.Name(), key.Version(), parameters(algorithm, value), nil)
	return got.Result, err
}

func decrypt(key *azkeys.ID, algorithm azkeys.EncryptionAlgorithm, value []byte) ([]byte, error) {
	got, err := dev.Decrypt(ctx, key.Name(), key.Version(), parameters(algorithm, value), nil)
	return got.Result, err
}

func wrap(key *azkeys.ID, algorithm azkeys.EncryptionAlgorithm, value []byte) ([]byte, error) {
	got, err := dev.WrapKey(ctx, key.Name(), key.Version(), parameters(algorithm, value), nil)
	return got.Result, err
}

func unwrap(key *azkeys.ID, algorithm azkeys.EncryptionAlgorithm, value []byte) ([]byte, error) {
	got, err := dev.UnwrapKey(ctx, key.Name(), key.Version(), parameters(algorithm, value), nil)
	return got.Result, err
}

var (
	takesIn  = map[string]operation{"encrypt": encrypt, "wrap": wrap}
	givesOut = map[string]operation{"decrypt": decrypt, "unwrap": unwrap}
)
