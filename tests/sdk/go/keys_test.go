// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

func ops(names ...azkeys.KeyOperation) []*azkeys.KeyOperation {
	return to.SliceOfPtrs(names...)
}

func fromNow(delta time.Duration) *time.Time {
	return to.Ptr(time.Now().Add(delta).UTC().Truncate(time.Second))
}

func TestANameNobodyHas(t *testing.T) {
	missing := newName("missing")

	t.Run("cannot be read", func(t *testing.T) {
		_, err := dev.GetKey(ctx, missing, "", nil)
		refused(t, err, 404, "KeyNotFound", "")
	})
	t.Run("cannot be updated", func(t *testing.T) {
		_, err := dev.UpdateKey(ctx, missing, "", azkeys.UpdateKeyParameters{}, nil)
		refused(t, err, 404, "KeyNotFound", "")
	})
	t.Run("cannot be deleted", func(t *testing.T) {
		_, err := dev.DeleteKey(ctx, missing, nil)
		refused(t, err, 404, "KeyNotFound", "")
	})
	t.Run("has no versions", func(t *testing.T) {
		equal(t, versionsOf(t, dev, missing), []string{})
	})
}

func TestCreating(t *testing.T) {
	t.Run("refuses a size that is none", func(t *testing.T) {
		_, err := dev.CreateKey(ctx, newName("odd"), azkeys.CreateKeyParameters{
			Kty:     to.Ptr(azkeys.KeyTypeRSA),
			KeySize: to.Ptr(int32(1000)),
		}, nil)
		refused(t, err, 400, "BadParameter", "KeySizeNotSupported")
	})
	t.Run("refuses a type that is none of a vault's", func(t *testing.T) {
		_, err := dev.CreateKey(ctx, newName("oct"), azkeys.CreateKeyParameters{
			Kty: to.Ptr(azkeys.KeyTypeOctHSM),
		}, nil)
		refused(t, err, 400, "BadParameter", "KeyTypeNotSupported")
	})
	t.Run("makes a 2048-bit key with the service's defaults", func(t *testing.T) {
		name := newName("plain")
		began := fromNow(0)
		got := createRSA(t, dev, name)

		equal(t, *got.Key.Kty, azkeys.KeyTypeRSA)
		equal(t, len(got.Key.N), 256)
		equal(t, got.Key.E, []byte{1, 0, 1})
		equal(t, got.Key.KeyOps, ops("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"))
		if version := got.Key.KID.Version(); !regexp.MustCompile("^[0-9a-f]{32}$").MatchString(version) {
			t.Error(version)
		}
		equal(t, string(*got.Key.KID), devURL+"/keys/"+name+"/"+got.Key.KID.Version())
		equal(t, *got.Attributes.Enabled, true)
		equal(t, got.Attributes.Expires == nil && got.Attributes.NotBefore == nil, true)
		equal(t, got.Attributes.Updated, got.Attributes.Created)
		if made := *got.Attributes.Created; made.Before(*began) || made.After(time.Now()) {
			t.Error(made)
		}
		equal(t, *got.Attributes.RecoveryLevel, "Recoverable+Purgeable")
		equal(t, *got.Attributes.RecoverableDays, int32(90))
		equal(t, *got.Attributes.Exportable, false)
	})
	t.Run("makes larger keys of the HSM kind", func(t *testing.T) {
		got := must(dev.CreateKey(ctx, newName("larger"), azkeys.CreateKeyParameters{
			Kty:     to.Ptr(azkeys.KeyTypeRSAHSM),
			KeySize: to.Ptr(int32(3072)),
		}, nil))(t)

		equal(t, *got.Key.Kty, azkeys.KeyTypeRSAHSM)
		equal(t, len(got.Key.N), 384)
	})
	t.Run("keeps what it was given", func(t *testing.T) {
		name := newName("given")
		given := azkeys.CreateKeyParameters{
			Kty:    to.Ptr(azkeys.KeyTypeRSA),
			KeyOps: ops("unwrapKey", "wrapKey"),
			KeyAttributes: &azkeys.KeyAttributes{
				Enabled:   to.Ptr(false),
				NotBefore: fromNow(-time.Hour),
				Expires:   fromNow(time.Hour),
			},
			Tags: map[string]*string{"purpose": to.Ptr("a test"), "with blank": to.Ptr("")},
		}
		must(dev.CreateKey(ctx, name, given, nil))(t)
		got := must(dev.GetKey(ctx, name, "", nil))(t)

		equal(t, got.Key.KeyOps, given.KeyOps)
		equal(t, *got.Attributes.Enabled, false)
		equal(t, got.Attributes.NotBefore.UTC(), *given.KeyAttributes.NotBefore)
		equal(t, got.Attributes.Expires.UTC(), *given.KeyAttributes.Expires)
		equal(t, got.Tags, given.Tags)
	})
}

func TestASecondVersion(t *testing.T) {
	name := newName("versions")
	tags := map[string]*string{"number": to.Ptr("1")}
	first := must(dev.CreateKey(ctx, name, azkeys.CreateKeyParameters{
		Kty:  to.Ptr(azkeys.KeyTypeRSA),
		Tags: tags,
	}, nil))(t).KeyBundle
	second := createRSA(t, dev, name)
	getFirst := func(t *testing.T) azkeys.KeyBundle {
		return must(dev.GetKey(ctx, name, first.Key.KID.Version(), nil))(t).KeyBundle
	}

	t.Run("is the latest and inherits nothing", func(t *testing.T) {
		latest := must(dev.GetKey(ctx, name, "", nil))(t)

		equal(t, latest.KeyBundle, second)
		equal(t, slices.Equal(latest.Key.N, first.Key.N), false)
		equal(t, len(latest.Tags), 0)
	})
	t.Run("leaves the first as it was", func(t *testing.T) {
		equal(t, getFirst(t), first)
		equal(t, getFirst(t).Tags, tags)
	})
	t.Run("is listed beside the first", func(t *testing.T) {
		want := []string{string(*first.Key.KID), string(*second.Key.KID)}
		slices.Sort(want) // by version, as the service lists them

		equal(t, versionsOf(t, dev, name), want)
	})
	t.Run("is updated alone", func(t *testing.T) {
		change := azkeys.UpdateKeyParameters{
			KeyAttributes: &azkeys.KeyAttributes{Enabled: to.Ptr(false)},
			Tags:          map[string]*string{"number": to.Ptr("2")},
		}
		must(dev.UpdateKey(ctx, name, second.Key.KID.Version(), change, nil))(t)
		updated := must(dev.GetKey(ctx, name, "", nil))(t)

		equal(t, updated.Tags, change.Tags)
		equal(t, *updated.Attributes.Enabled, false)
		equal(t, getFirst(t), first)
	})
	t.Run("is not found under a version nobody made", func(t *testing.T) {
		_, err := dev.GetKey(ctx, name, "00000000000000000000000000000000", nil)
		refused(t, err, 404, "KeyNotFound", "")
	})
}

func TestUpdating(t *testing.T) {
	t.Run("takes back all that the service has said of a key", func(t *testing.T) {
		key := createAny(t, dev, newName("returned"))
		attributes := *key.Attributes
		attributes.Enabled = to.Ptr(false)
		got := must(dev.UpdateKey(ctx, key.Key.KID.Name(), "", azkeys.UpdateKeyParameters{
			KeyAttributes: &attributes,
			KeyOps:        key.Key.KeyOps,
		}, nil))(t)

		equal(t, *got.Attributes.Enabled, false)
		equal(t, got.Attributes.Created, key.Attributes.Created)
		equal(t, got.Key, key.Key)
	})
}

// The page size is the service's own: this client does not ask for another.
func TestTheListOfKeys(t *testing.T) {
	t.Run("comes in pages that together hold every key once", func(t *testing.T) {
		ours := []string{}
		for range 26 {
			ours = append(ours, newName("listed"))
			createAny(t, dev, ours[len(ours)-1])
		}
		slices.Sort(ours)
		var listed []string
		pages := collect(t, dev.NewListKeyPropertiesPager(nil))
		for _, page := range pages {
			equal(t, len(page.Value) <= 25, true)
			for _, one := range page.Value {
				if slices.Contains(ours, one.KID.Name()) {
					listed = append(listed, one.KID.Name())
				}
			}
		}

		equal(t, len(pages) > 1, true)
		equal(t, listed, ours)
	})
}
