// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

// A failure, and what is expected of this client: failures.json has those of all.
type failure struct {
	Fault      string
	Rule       map[string]any
	Connection bool
	Patience   int // milliseconds
	Go         []any
}

// counter counts what is sent, tries that come to nothing among them.
type counter struct{ tries int }

func (c *counter) Do(request *policy.Request) (*http.Response, error) {
	c.tries++
	return request.Next()
}

// orderFault sends an order to the control port, which must answer with that status.
func orderFault(t *testing.T, method, path string, order any, status int) {
	t.Helper()
	body := must(json.Marshal(order))(t)
	url := fmt.Sprintf("http://127.0.0.1:%d/control/v1/faults%s", running.ControlPort, path)
	request := must(http.NewRequest(method, url, bytes.NewReader(body)))(t)
	request.Header.Set("Content-Type", "application/json")
	response := must(http.DefaultClient.Do(request))(t)
	defer response.Body.Close()
	if response.StatusCode != status {
		t.Fatalf("%s %s: %d", method, body, response.StatusCode)
	}
}

// kindOf names an error: what the SDK makes of an answer, or else what is at the bottom of it.
func kindOf(err error) string {
	var response *azcore.ResponseError
	if err == nil {
		return "none"
	}
	if errors.As(err, &response) {
		return "ResponseError"
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	if kind := fmt.Sprintf("%T", err); kind != "*errors.errorString" && kind != "syscall.Errno" {
		return kind
	}
	said, _, _ := strings.Cut(err.Error(), " \"") // what was received follows
	return said
}

// measure gives the tries and the error of a client of its own that knows the vault, or none yet.
func measure(t *testing.T, row failure, operate func(context.Context, *azkeys.Client) error,
	name string) []any {
	t.Helper()
	count := &counter{}
	transport := http.DefaultTransport.(*http.Transport).Clone() // others share their connections
	defer transport.CloseIdleConnections()
	client := must(azkeys.NewClient(devURL, credential, &azkeys.ClientOptions{
		ClientOptions: azcore.ClientOptions{
			Transport:        &http.Client{Transport: transport},
			PerRetryPolicies: []policy.Policy{count},
			Retry: policy.RetryOptions{
				MaxRetries:    2,
				RetryDelay:    10 * time.Millisecond,
				MaxRetryDelay: 2 * time.Second, // it gives up when Retry-After says more
			},
		},
	}))(t)
	rule := map[string]any{"id": newName("rule"), "ttl": 60}
	for member, value := range row.Rule {
		rule[member] = value
	}
	if !row.Connection {
		must(client.GetKey(ctx, name, "", nil))(t)
		rule["match"] = map[string]any{"key": name}
	}
	orderFault(t, "POST", "", rule, 201)
	patience := 60 * time.Second
	if row.Patience > 0 {
		patience = time.Duration(row.Patience) * time.Millisecond
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	count.tries = 0
	err := operate(limited, client)
	orderFault(t, "DELETE", "/"+rule["id"].(string), nil, 204)
	return []any{float64(count.tries), kindOf(err)}
}

func TestAFailureIsMetAsTheTableSays(t *testing.T) {
	var rows []failure
	if err := json.Unmarshal(must(os.ReadFile(os.Getenv("SDK_FAILURES")))(t), &rows); err != nil {
		t.Fatal(err)
	}
	name := newName("failing")
	createAny(t, dev, name)
	read := func(ctx context.Context, client *azkeys.Client) error {
		_, err := client.GetKey(ctx, name, "", nil)
		return err
	}
	write := func(ctx context.Context, client *azkeys.Client) error {
		kind := azkeys.KeyTypeEC
		_, err := client.CreateKey(ctx, name, azkeys.CreateKeyParameters{Kty: &kind}, nil)
		return err
	}
	for _, row := range rows {
		t.Run(row.Fault, func(t *testing.T) {
			got := append(measure(t, row, read, name), measure(t, row, write, name)...)
			equal(t, got, row.Go)
			must(dev.GetKey(ctx, name, "", nil))(t) // it has healed
		})
	}
}
