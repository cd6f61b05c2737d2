// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

const algorithm = azkeys.EncryptionAlgorithmRSAOAEP256

func setEnabled(t *testing.T, key *azkeys.ID, enabled bool) {
	t.Helper()
	must(dev.UpdateKey(ctx, key.Name(), key.Version(), azkeys.UpdateKeyParameters{
		KeyAttributes: &azkeys.KeyAttributes{Enabled: &enabled},
	}, nil))(t)
}

func TestADisabledVersion(t *testing.T) {
	name := newName("disabled")
	first := createRSA(t, dev, name).Key.KID
	second := createRSA(t, dev, name).Key.KID
	dataKey := newDataKey()
	wrapped := must(wrap(first, algorithm, dataKey))(t)
	setEnabled(t, first, false)

	for word, operate := range takesIn {
		t.Run("does not "+word, func(t *testing.T) {
			_, err := operate(first, algorithm, dataKey)
			refused(t, err, 403, "Forbidden", "KeyDisabled")
		})
	}
	for word, operate := range givesOut {
		t.Run("does not "+word, func(t *testing.T) {
			_, err := operate(first, algorithm, wrapped)
			refused(t, err, 403, "Forbidden", "KeyDisabled")
		})
	}
	t.Run("is shown", func(t *testing.T) {
		shown := must(dev.GetKey(ctx, name, first.Version(), nil))(t)

		equal(t, *shown.Attributes.Enabled, false)
	})
	t.Run("does not keep the other from working", func(t *testing.T) {
		again := must(wrap(second, algorithm, dataKey))(t)

		equal(t, must(unwrap(second, algorithm, again))(t), dataKey)
	})
	t.Run("works again when it is enabled", func(t *testing.T) {
		setEnabled(t, first, true)

		equal(t, must(unwrap(first, algorithm, wrapped))(t), dataKey)
	})
}

func TestAKeyOutsideItsDates(t *testing.T) {
	for _, row := range []struct {
		state, inner string
		dates        azkeys.KeyAttributes
	}{
		{"expired", "KeyExpired", azkeys.KeyAttributes{Expires: fromNow(-time.Hour)}},
		{"before its time", "KeyNotYetValid", azkeys.KeyAttributes{NotBefore: fromNow(time.Hour)}},
	} {
		key := createRSA(t, dev, newName("dated")).Key.KID
		dataKey := newDataKey()
		wrapped := must(wrap(key, algorithm, dataKey))(t)
		change := azkeys.UpdateKeyParameters{KeyAttributes: &row.dates}
		must(dev.UpdateKey(ctx, key.Name(), "", change, nil))(t)

		for word, operate := range takesIn {
			t.Run(row.state+" does not "+word, func(t *testing.T) {
				_, err := operate(key, algorithm, dataKey)
				refused(t, err, 403, "Forbidden", row.inner)
			})
		}
		for word, operate := range givesOut {
			t.Run(row.state+" still does "+word, func(t *testing.T) {
				equal(t, must(operate(key, algorithm, wrapped))(t), dataKey)
			})
		}
	}
}

func TestAKeyThatMayOnlyWrap(t *testing.T) {
	key := must(dev.CreateKey(ctx, newName("only-wrap"), azkeys.CreateKeyParameters{
		Kty:    to.Ptr(azkeys.KeyTypeRSA),
		KeyOps: ops(azkeys.KeyOperationWrapKey),
	}, nil))(t).Key.KID
	dataKey := newDataKey()
	wrapped := must(wrap(key, algorithm, dataKey))(t)

	for word, operate := range map[string]operation{"encrypt": encrypt, "decrypt": decrypt, "unwrap": unwrap} {
		t.Run("does not "+word, func(t *testing.T) {
			_, err := operate(key, algorithm, wrapped)
			refused(t, err, 403, "Forbidden", "KeyOperationForbidden")
		})
	}
	t.Run("unwraps once it may", func(t *testing.T) {
		change := azkeys.UpdateKeyParameters{KeyOps: ops("wrapKey", "unwrapKey")}
		must(dev.UpdateKey(ctx, key.Name(), "", change, nil))(t)

		equal(t, must(unwrap(key, algorithm, wrapped))(t), dataKey)
	})
}
