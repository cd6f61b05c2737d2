// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

// move moves the server's clock.
func move(t *testing.T, order map[string]any) {
	t.Helper()
	body := bytes.NewBuffer(must(json.Marshal(order))(t))
	url := fmt.Sprintf("http://127.0.0.1:%d/control/v1/clock", running.ControlPort)
	answer := must(http.Post(url, "application/json", body))(t)
	defer answer.Body.Close()
	equal(t, answer.StatusCode, http.StatusOK)
}

// use has the client that all tests share do something with the key, by the token that it keeps.
func use(t *testing.T, key *azkeys.ID) {
	t.Helper()
	dataKey := newDataKey()
	wrapped := must(wrap(key, "RSA-OAEP-256", dataKey))(t)

	equal(t, must(unwrap(key, "RSA-OAEP-256", wrapped))(t), dataKey)
}

// These have a server of their own, since they move its clock: see run.
func TestJumpsOfTheClock(t *testing.T) {
	start := func(t *testing.T) (string, *azkeys.ID) {
		t.Cleanup(func() { move(t, map[string]any{"reset": true}) })
		name := newName("kept")
		key := createRSA(t, dev, name).Key.KID
		use(t, key)
		return name, key
	}

	t.Run("leave a client that is kept alone", func(t *testing.T) {
		_, key := start(t)
		for _, order := range []map[string]any{{"advance": "P90D"}, {"advance": "-P120D"}, {"frozen": true}} {
			move(t, order)
			use(t, key)
		}
	})
	t.Run("purge a deleted key", func(t *testing.T) {
		name, _ := start(t)
		deleteKey(t, dev, name)
		move(t, map[string]any{"advance": "P90D"})
		_, err := dev.GetDeletedKey(ctx, name, nil)
		refused(t, err, 404, "KeyNotFound", "")
	})
	t.Run("end a token that they age until a reset", func(t *testing.T) {
		name, key := start(t)
		move(t, map[string]any{"advance": "P2D", "tokens": "age"})
		_, err := dev.GetKey(ctx, name, "", nil)
		refused(t, err, 401, "Unauthorized", "")
		move(t, map[string]any{"reset": true})
		use(t, key)
	})
}
