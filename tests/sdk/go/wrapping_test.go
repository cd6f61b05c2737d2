// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

// The RSA algorithms, with the longest value a key of 2048 bits takes: contract §8.1.
var rsaAlgorithms = map[azkeys.EncryptionAlgorithm]int{
	azkeys.EncryptionAlgorithmRSA15:      245,
	azkeys.EncryptionAlgorithmRSAOAEP:    214,
	azkeys.EncryptionAlgorithmRSAOAEP256: 190,
}

func publicKey(key *azkeys.JSONWebKey) *rsa.PublicKey {
	exponent := new(big.Int).SetBytes(key.E)
	return &rsa.PublicKey{N: new(big.Int).SetBytes(key.N), E: int(exponent.Int64())}
}

func TestADataKey(t *testing.T) {
	created := createRSA(t, dev, newName("wrap")).Key
	key := created.KID
	dataKey := newDataKey()

	for algorithm, longest := range rsaAlgorithms {
		t.Run("that is wrapped is unwrapped with "+string(algorithm), func(t *testing.T) {
			wrapped := must(wrap(key, algorithm, dataKey))(t)

			equal(t, len(wrapped), 256)
			equal(t, must(unwrap(key, algorithm, wrapped))(t), dataKey)
		})
		t.Run("that is encrypted is decrypted with "+string(algorithm), func(t *testing.T) {
			ciphertext := must(encrypt(key, algorithm, dataKey))(t)

			equal(t, must(decrypt(key, algorithm, ciphertext))(t), dataKey)
		})
		t.Run("that is changed on its way is refused with "+string(algorithm), func(t *testing.T) {
			wrapped := must(wrap(key, algorithm, dataKey))(t)
			wrapped[100] ^= 1
			_, err := unwrap(key, algorithm, wrapped)

			message := refused(t, err, 400, "BadParameter", "")
			if !strings.Contains(message, "Unable to decrypt specified value") {
				t.Error(message)
			}
		})
		t.Run("may be as long as the padding lets it with "+string(algorithm), func(t *testing.T) {
			value := randomBytes(longest)
			ciphertext := must(encrypt(key, algorithm, value))(t)
			_, err := encrypt(key, algorithm, randomBytes(longest+1))

			equal(t, must(decrypt(key, algorithm, ciphertext))(t), value)
			refused(t, err, 400, "BadParameter", "")
		})
	}
	t.Run("that is wrapped with the public key is unwrapped", func(t *testing.T) {
		wrapped := must(rsa.EncryptOAEP(sha256.New(), rand.Reader, publicKey(created), dataKey, nil))(t)

		equal(t, must(unwrap(key, "RSA-OAEP-256", wrapped))(t), dataKey)
	})
	t.Run("that is wrapped with one padding is refused with another", func(t *testing.T) {
		wrapped := must(wrap(key, "RSA-OAEP", dataKey))(t)
		_, err := unwrap(key, "RSA-OAEP-256", wrapped)

		refused(t, err, 400, "BadParameter", "")
	})
	t.Run("is wrapped without a version, by the latest", func(t *testing.T) {
		latest := createRSA(t, dev, key.Name()).Key.KID
		got := must(dev.WrapKey(ctx, key.Name(), "", parameters("RSA-OAEP", dataKey), nil))(t)

		equal(t, got.KID, latest)
		equal(t, must(unwrap(latest, "RSA-OAEP", got.Result))(t), dataKey)
	})
}

func TestAfterARotation(t *testing.T) {
	name := newName("rotate")
	first := createRSA(t, dev, name).Key.KID
	dataKey := newDataKey()
	wrapped := must(wrap(first, algorithm, dataKey))(t)
	second := createRSA(t, dev, name).Key.KID

	t.Run("old data is unwrapped with the old version", func(t *testing.T) {
		equal(t, must(unwrap(first, algorithm, wrapped))(t), dataKey)
	})
	t.Run("old data is refused with the new version", func(t *testing.T) {
		_, err := unwrap(second, algorithm, wrapped)
		refused(t, err, 400, "BadParameter", "")
	})
	t.Run("old data is refused without a version", func(t *testing.T) {
		_, err := dev.UnwrapKey(ctx, name, "", parameters(algorithm, wrapped), nil)
		refused(t, err, 400, "BadParameter", "")
	})
}
