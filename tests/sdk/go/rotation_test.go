// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"slices"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

// action is a lifetime action; what is empty is not said.
func action(what azkeys.KeyRotationPolicyAction, afterCreate, beforeExpiry string) *azkeys.LifetimeAction {
	said := func(text string) *string {
		if text == "" {
			return nil
		}
		return &text
	}
	return &azkeys.LifetimeAction{
		Action: &azkeys.LifetimeActionType{Type: &what},
		Trigger: &azkeys.LifetimeActionTrigger{
			TimeAfterCreate:  said(afterCreate),
			TimeBeforeExpiry: said(beforeExpiry),
		},
	}
}

func rotationPolicy(expiry string, actions ...*azkeys.LifetimeAction) azkeys.KeyRotationPolicy {
	policy := azkeys.KeyRotationPolicy{LifetimeActions: actions}
	if expiry != "" {
		policy.Attributes = &azkeys.KeyRotationPolicyAttributes{ExpiryTime: &expiry}
	}
	return policy
}

func putPolicy(t *testing.T, name string, policy azkeys.KeyRotationPolicy) azkeys.KeyRotationPolicy {
	t.Helper()
	return must(dev.UpdateKeyRotationPolicy(ctx, name, policy, nil))(t).KeyRotationPolicy
}

func TestARotatedKey(t *testing.T) {
	name := newName("rotated")
	first := must(dev.CreateKey(ctx, name, azkeys.CreateKeyParameters{
		Kty:    to.Ptr(azkeys.KeyTypeRSA),
		KeyOps: ops("wrapKey", "unwrapKey"),
	}, nil))(t)
	second := must(dev.RotateKey(ctx, name, nil))(t)

	t.Run("has a new version of the same kind", func(t *testing.T) {
		equal(t, second.Key.KID.Version() == first.Key.KID.Version(), false)
		equal(t, slices.Equal(second.Key.N, first.Key.N), false)
		equal(t, len(second.Key.N), 256)
		equal(t, second.Key.KeyOps, first.Key.KeyOps)
		equal(t, second.Attributes.Expires == nil, true)
	})
	t.Run("keeps its curve", func(t *testing.T) {
		key := createEC(t, azkeys.CreateKeyParameters{Curve: to.Ptr(azkeys.CurveNameP384)})
		rotated := must(dev.RotateKey(ctx, key.Key.KID.Name(), nil))(t)

		equal(t, *rotated.Key.Crv, azkeys.CurveNameP384)
	})
	t.Run("is at its new version", func(t *testing.T) {
		equal(t, must(dev.GetKey(ctx, name, "", nil))(t).KeyBundle, second.KeyBundle)
	})
	t.Run("still unwraps with the old one", func(t *testing.T) {
		dataKey := newDataKey()
		wrapped := must(wrap(first.Key.KID, algorithm, dataKey))(t)
		_, err := unwrap(second.Key.KID, algorithm, wrapped)

		equal(t, must(unwrap(first.Key.KID, algorithm, wrapped))(t), dataKey)
		refused(t, err, 400, "BadParameter", "")
	})
}

func TestAnUnknownKey(t *testing.T) {
	missing := newName("missing")

	t.Run("is not rotated", func(t *testing.T) {
		_, err := dev.RotateKey(ctx, missing, nil)
		refused(t, err, 404, "KeyNotFound", "")
	})
	t.Run("has no rotation policy", func(t *testing.T) {
		_, err := dev.GetKeyRotationPolicy(ctx, missing, nil)
		refused(t, err, 404, "KeyNotFound", "")
	})
	t.Run("takes no rotation policy", func(t *testing.T) {
		_, err := dev.UpdateKeyRotationPolicy(ctx, missing, rotationPolicy("P90D"), nil)
		refused(t, err, 404, "KeyNotFound", "")
	})
}

func TestARotationPolicy(t *testing.T) {
	notify := action("Notify", "", "P30D")

	t.Run("notifies when nobody made one", func(t *testing.T) {
		name := createAny(t, dev, newName("policy")).Key.KID.Name()
		got := must(dev.GetKeyRotationPolicy(ctx, name, nil))(t)

		equal(t, got.KeyRotationPolicy, rotationPolicy("", notify))
	})
	t.Run("is read back as it was written", func(t *testing.T) {
		name := createAny(t, dev, newName("policy")).Key.KID.Name()
		policy := rotationPolicy("P48M", action("Rotate", "P18M", ""), notify)
		written := putPolicy(t, name, policy)
		read := must(dev.GetKeyRotationPolicy(ctx, name, nil))(t)

		equal(t, written.LifetimeActions, policy.LifetimeActions)
		equal(t, *written.Attributes.ExpiryTime, "P48M")
		equal(t, written.Attributes.Updated, written.Attributes.Created)
		equal(t, *written.ID, devURL+"/keys/"+name+"/rotationpolicy")
		equal(t, read.KeyRotationPolicy, written)
	})
	t.Run("replaces the one before", func(t *testing.T) {
		name := createAny(t, dev, newName("policy")).Key.KID.Name()
		putPolicy(t, name, rotationPolicy("P2Y", action("Rotate", "", "P60D")))
		got := putPolicy(t, name, rotationPolicy("P90D", action("Notify", "", "P14D")))

		equal(t, got.LifetimeActions, []*azkeys.LifetimeAction{action("Notify", "", "P14D")})
		equal(t, *got.Attributes.ExpiryTime, "P90D")
	})
	t.Run("lets new versions expire", func(t *testing.T) {
		name := createAny(t, dev, newName("policy")).Key.KID.Name()
		putPolicy(t, name, rotationPolicy("P90D", action("Rotate", "P30D", "")))
		rotated := must(dev.RotateKey(ctx, name, nil))(t).Attributes
		created := createAny(t, dev, name).Attributes

		equal(t, rotated.Expires.Sub(*rotated.Created), 90*24*time.Hour)
		equal(t, created.Expires.Sub(*created.Created), 90*24*time.Hour)
	})
	for word, policy := range map[string]azkeys.KeyRotationPolicy{
		"rotates before an expiry it does not set": rotationPolicy("", action("Rotate", "", "P30D")),
		"rotates too soon":                         rotationPolicy("P90D", action("Rotate", "P6D", "")),
		"lets keys expire too soon":                rotationPolicy("P27D", notify),
	} {
		t.Run("that "+word+" is refused", func(t *testing.T) {
			name := createAny(t, dev, newName("policy")).Key.KID.Name()
			_, err := dev.UpdateKeyRotationPolicy(ctx, name, policy, nil)

			refused(t, err, 400, "BadParameter", "")
		})
	}
}
