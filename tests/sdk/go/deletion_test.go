// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"slices"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

func TestADeletedKey(t *testing.T) {
	name := newName("deleted")
	createAny(t, dev, name)
	latest := createRSA(t, dev, name)
	wrapped := must(wrap(latest.Key.KID, "RSA-OAEP-256", newDataKey()))(t)
	deleted := deleteKey(t, dev, name)

	t.Run("says until when it can be recovered", func(t *testing.T) {
		equal(t, deleted.Key, latest.Key)
		equal(t, *deleted.RecoveryID, devURL+"/deletedkeys/"+name)
		equal(t, deleted.ScheduledPurgeDate.Sub(*deleted.DeletedDate), 90*24*time.Hour)
	})
	t.Run("is shown among the deleted", func(t *testing.T) {
		equal(t, must(dev.GetDeletedKey(ctx, name, nil))(t).DeletedKey, deleted)
	})
	t.Run("is not found any more", func(t *testing.T) {
		_, err := dev.GetKey(ctx, name, "", nil)
		refused(t, err, 404, "KeyNotFound", "")
	})
	t.Run("does not unwrap", func(t *testing.T) {
		_, err := unwrap(latest.Key.KID, "RSA-OAEP-256", wrapped)
		refused(t, err, 404, "KeyNotFound", "")
	})
	t.Run("has no versions", func(t *testing.T) {
		equal(t, versionsOf(t, dev, name), []string{})
	})
	t.Run("cannot be deleted again", func(t *testing.T) {
		_, err := dev.DeleteKey(ctx, name, nil)
		refused(t, err, 404, "KeyNotFound", "")
	})
	t.Run("keeps its name", func(t *testing.T) {
		parameters := azkeys.CreateKeyParameters{Kty: to.Ptr(azkeys.KeyTypeRSA)}
		_, err := dev.CreateKey(ctx, name, parameters, nil)
		refused(t, err, 409, "Conflict", "ObjectIsDeletedButRecoverable")
	})
}

func TestARecoveredKey(t *testing.T) {
	name := newName("recovered")
	first := createRSA(t, dev, name)
	second := createAny(t, dev, name)
	dataKey := newDataKey()
	wrapped := must(wrap(first.Key.KID, "RSA-OAEP-256", dataKey))(t)
	deleteKey(t, dev, name)
	recovered := recoverKey(t, dev, name)

	t.Run("is as it was", func(t *testing.T) {
		equal(t, recovered, second)
		equal(t, must(dev.GetKey(ctx, name, "", nil))(t).KeyBundle, second)
		old := must(dev.GetKey(ctx, name, first.Key.KID.Version(), nil))(t)
		equal(t, old.KeyBundle, first)
	})
	t.Run("unwraps again", func(t *testing.T) {
		equal(t, must(unwrap(first.Key.KID, "RSA-OAEP-256", wrapped))(t), dataKey)
	})
	t.Run("is not among the deleted any more", func(t *testing.T) {
		_, err := dev.GetDeletedKey(ctx, name, nil)
		refused(t, err, 404, "KeyNotFound", "")
	})
}

func TestANameThatIsNotAmongTheDeleted(t *testing.T) {
	missing := newName("missing")

	t.Run("is not shown", func(t *testing.T) {
		_, err := dev.GetDeletedKey(ctx, missing, nil)
		refused(t, err, 404, "KeyNotFound", "")
	})
	t.Run("cannot be recovered", func(t *testing.T) {
		_, err := dev.RecoverDeletedKey(ctx, missing, nil)
		refused(t, err, 404, "KeyNotFound", "")
	})
	t.Run("cannot be purged", func(t *testing.T) {
		_, err := dev.PurgeDeletedKey(ctx, missing, nil)
		refused(t, err, 404, "KeyNotFound", "")
	})
}

func TestAPurgedKey(t *testing.T) {
	name := newName("purged")
	createAny(t, dev, name)
	deleteKey(t, dev, name)
	must(dev.PurgeDeletedKey(ctx, name, nil))(t)

	t.Run("is not found among the deleted", func(t *testing.T) {
		_, err := dev.GetDeletedKey(ctx, name, nil)
		refused(t, err, 404, "KeyNotFound", "")
	})
	t.Run("cannot be recovered", func(t *testing.T) {
		_, err := dev.RecoverDeletedKey(ctx, name, nil)
		refused(t, err, 404, "KeyNotFound", "")
	})
	t.Run("leaves its name to another", func(t *testing.T) {
		other := createAny(t, dev, name)

		equal(t, versionsOf(t, dev, name), []string{string(*other.Key.KID)})
	})
}

func TestAVaultWithPurgeProtection(t *testing.T) {
	name := newName("protected")
	createAny(t, locked, name)
	deleteKey(t, locked, name)

	t.Run("shows it in the recovery level", func(t *testing.T) {
		shown := must(locked.GetDeletedKey(ctx, name, nil))(t)

		equal(t, *shown.Attributes.RecoveryLevel, "Recoverable")
	})
	t.Run("does not purge", func(t *testing.T) {
		_, err := locked.PurgeDeletedKey(ctx, name, nil)
		refused(t, err, 403, "Forbidden", "")
	})
	t.Run("recovers", func(t *testing.T) {
		recovered := recoverKey(t, locked, name)

		equal(t, must(locked.GetKey(ctx, name, "", nil))(t).KeyBundle, recovered)
	})
}

func TestTheListOfDeletedKeys(t *testing.T) {
	t.Run("holds every key once", func(t *testing.T) {
		ours := []string{newName("gone"), newName("gone"), newName("gone")}
		slices.Sort(ours)
		for _, name := range ours {
			createAny(t, dev, name)
			deleteKey(t, dev, name)
		}
		var listed []string
		for _, page := range collect(t, dev.NewListDeletedKeyPropertiesPager(nil)) {
			for _, one := range page.Value {
				if slices.Contains(ours, one.KID.Name()) {
					listed = append(listed, one.KID.Name())
				}
			}
		}

		equal(t, listed, ours)
	})
}
