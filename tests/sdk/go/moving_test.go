// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

// rsaJWK is a private key as a JWK; lead comes before each private number, as encoders of DER put a
// zero there.
func rsaJWK(key *rsa.PrivateKey, lead ...byte) *azkeys.JSONWebKey {
	hidden := func(number *big.Int) []byte {
		return append(bytes.Clone(lead), number.Bytes()...)
	}
	return &azkeys.JSONWebKey{
		Kty: to.Ptr(azkeys.KeyTypeRSA),
		N:   key.N.Bytes(),
		E:   big.NewInt(int64(key.E)).Bytes(),
		D:   hidden(key.D),
		P:   hidden(key.Primes[0]),
		Q:   hidden(key.Primes[1]),
		DP:  hidden(key.Precomputed.Dp),
		DQ:  hidden(key.Precomputed.Dq),
		QI:  hidden(key.Precomputed.Qinv),
	}
}

func importKey(name string, parameters azkeys.ImportKeyParameters) (azkeys.KeyBundle, error) {
	got, err := dev.ImportKey(ctx, name, parameters, nil)
	return got.KeyBundle, err
}

func purge(t *testing.T, name string) {
	t.Helper()
	deleteKey(t, dev, name)
	must(dev.PurgeDeletedKey(ctx, name, nil))(t)
}

func TestAnImportedKey(t *testing.T) {
	private := must(rsa.GenerateKey(rand.Reader, 2048))(t)
	jwk := rsaJWK(private)

	t.Run("unwraps what its owner has wrapped", func(t *testing.T) {
		dataKey := newDataKey()
		wrapped := must(rsa.EncryptOAEP(sha256.New(), rand.Reader, &private.PublicKey, dataKey, nil))(t)
		tags := map[string]*string{"from": to.Ptr("outside")}
		got := must(importKey(newName("import"), azkeys.ImportKeyParameters{Key: jwk, Tags: tags}))(t)

		equal(t, *got.Key.Kty, azkeys.KeyTypeRSA)
		equal(t, got.Key.N, jwk.N)
		equal(t, got.Key.D == nil, true)
		equal(t, got.Tags, tags)
		equal(t, must(unwrap(got.Key.KID, algorithm, wrapped))(t), dataKey)
	})
	t.Run("may be of the HSM kind", func(t *testing.T) {
		parameters := azkeys.ImportKeyParameters{Key: jwk, HSM: to.Ptr(true)}
		got := must(importKey(newName("import"), parameters))(t)

		equal(t, *got.Key.Kty, azkeys.KeyTypeRSAHSM)
	})
	t.Run("may have zeros before its numbers", func(t *testing.T) {
		parameters := azkeys.ImportKeyParameters{Key: rsaJWK(private, 0)}

		equal(t, must(importKey(newName("import"), parameters))(t).Key.N, jwk.N)
	})
	t.Run("is a new version where the name is in use", func(t *testing.T) {
		first := createEC(t, azkeys.CreateKeyParameters{}).Key.KID
		second := must(importKey(first.Name(), azkeys.ImportKeyParameters{Key: jwk}))(t)

		equal(t, second.Key.KID.Version() == first.Version(), false)
		equal(t, must(dev.GetKey(ctx, first.Name(), "", nil))(t).KeyBundle, second)
	})
	t.Run("may be one on a curve", func(t *testing.T) {
		own := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
		point := must(own.PublicKey.Bytes())(t) // 4, x, y
		given := &azkeys.JSONWebKey{
			Kty: to.Ptr(azkeys.KeyTypeEC),
			Crv: to.Ptr(azkeys.CurveNameP256),
			X:   point[1:33],
			Y:   point[33:],
			D:   must(own.Bytes())(t),
		}
		key := must(importKey(newName("import"), azkeys.ImportKeyParameters{Key: given}))(t).Key
		_, _ = signed(t, key.KID, azkeys.SignatureAlgorithmES256)

		equal(t, [][]byte{key.X, key.Y}, [][]byte{given.X, given.Y})
	})

	for word, change := range map[string]func(*azkeys.JSONWebKey){
		"when its numbers do not fit": func(key *azkeys.JSONWebKey) { key.D[0] ^= 1 },
		"without a private half":      func(key *azkeys.JSONWebKey) { key.D = nil },
		"without a kind":              func(key *azkeys.JSONWebKey) { key.Kty = nil },
	} {
		t.Run("is refused "+word, func(t *testing.T) {
			changed := rsaJWK(private)
			change(changed)
			_, err := importKey(newName("import"), azkeys.ImportKeyParameters{Key: changed})
			refused(t, err, 400, "BadParameter", "")
		})
	}
	t.Run("is refused under the name of a deleted one", func(t *testing.T) {
		name := createEC(t, azkeys.CreateKeyParameters{}).Key.KID.Name()
		deleteKey(t, dev, name)
		_, err := importKey(name, azkeys.ImportKeyParameters{Key: jwk})
		refused(t, err, 409, "Conflict", "ObjectIsDeletedButRecoverable")
	})
}

func TestABackup(t *testing.T) {
	back := func(client *azkeys.Client, blob []byte) (azkeys.KeyBundle, error) {
		got, err := client.RestoreKey(ctx, azkeys.RestoreKeyParameters{KeyBackup: blob}, nil)
		return got.KeyBundle, err
	}
	backup := func(t *testing.T, name string) []byte {
		return must(dev.BackupKey(ctx, name, nil))(t).Value
	}

	t.Run("brings a purged key back as it was", func(t *testing.T) {
		name := newName("backup")
		first := createRSA(t, dev, name)
		second := createAny(t, dev, name)
		dataKey := newDataKey()
		wrapped := must(wrap(first.Key.KID, algorithm, dataKey))(t)
		policy := putPolicy(t, name, rotationPolicy("P2Y", action("Rotate", "P1Y", "")))
		blob := backup(t, name)
		purge(t, name)

		equal(t, must(back(dev, blob))(t), second)
		old := must(dev.GetKey(ctx, name, first.Key.KID.Version(), nil))(t)
		equal(t, old.KeyBundle, first)
		equal(t, must(unwrap(first.Key.KID, algorithm, wrapped))(t), dataKey)
		kept := must(dev.GetKeyRotationPolicy(ctx, name, nil))(t)
		equal(t, kept.Attributes.ExpiryTime, policy.Attributes.ExpiryTime)
	})
	t.Run("is restored in another vault", func(t *testing.T) {
		key := createEC(t, azkeys.CreateKeyParameters{}).Key
		got := must(back(locked, backup(t, key.KID.Name())))(t)

		equal(t, string(*got.Key.KID), urlOf("locked")+string(*key.KID)[len(devURL):])
		equal(t, got.Key.X, key.X)
		equal(t, *got.Attributes.RecoveryLevel, "Recoverable")
	})
	t.Run("does not replace a living key", func(t *testing.T) {
		_, err := back(dev, backup(t, createEC(t, azkeys.CreateKeyParameters{}).Key.KID.Name()))
		refused(t, err, 409, "Conflict", "")
	})
	t.Run("does not replace a deleted key", func(t *testing.T) {
		name := createEC(t, azkeys.CreateKeyParameters{}).Key.KID.Name()
		blob := backup(t, name)
		deleteKey(t, dev, name)
		_, err := back(dev, blob)
		refused(t, err, 409, "Conflict", "ObjectIsDeletedButRecoverable")
	})
	t.Run("that was tampered with is refused", func(t *testing.T) {
		name := createEC(t, azkeys.CreateKeyParameters{}).Key.KID.Name()
		blob := backup(t, name)
		purge(t, name)
		blob[len(blob)-9] ^= 1
		for _, changed := range [][]byte{[]byte("garbage"), blob} {
			_, err := back(dev, changed)
			refused(t, err, 400, "Malformed backup blob", "")
		}
	})
	t.Run("of an unknown key is refused", func(t *testing.T) {
		_, err := dev.BackupKey(ctx, newName("missing"), nil)
		refused(t, err, 404, "KeyNotFound", "")
	})
}
