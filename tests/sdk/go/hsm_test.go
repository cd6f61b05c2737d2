// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

type encryption = azkeys.EncryptionAlgorithm

func createOct(t *testing.T, size int) *azkeys.ID {
	t.Helper()
	got := must(pool.CreateKey(ctx, newName("oct"), azkeys.CreateKeyParameters{
		Kty:     to.Ptr(azkeys.KeyTypeOctHSM),
		KeySize: to.Ptr(int32(size)),
	}, nil))(t)
	equal(t, *got.Key.Kty, azkeys.KeyTypeOctHSM)
	equal(t, got.Key.K == nil, true)
	return got.Key.KID
}

func TestASymmetricKey(t *testing.T) {
	for _, size := range []int{128, 192, 256} {
		key := createOct(t, size)
		name, version := key.Name(), key.Version()
		named := func(suffix string) encryption {
			return encryption(fmt.Sprintf("A%d%s", size, suffix))
		}

		t.Run("encrypts and authenticates with "+string(named("GCM")), func(t *testing.T) {
			plaintext := randomBytes(35)
			order := parameters(named("GCM"), plaintext)
			order.AdditionalAuthenticatedData = []byte("about it")
			sealed := must(pool.Encrypt(ctx, name, version, order, nil))(t)
			order.Value, order.IV, order.AuthenticationTag = sealed.Result, sealed.IV, sealed.AuthenticationTag

			equal(t, []int{len(sealed.IV), len(sealed.AuthenticationTag)}, []int{12, 16})
			equal(t, must(pool.Decrypt(ctx, name, version, order, nil))(t).Result, plaintext)
			order.AuthenticationTag = randomBytes(16)
			_, err := pool.Decrypt(ctx, name, version, order, nil)
			refused(t, err, 400, "BadParameter", "")
		})
		for suffix, lengths := range map[string][2]int{"CBC": {32, 32}, "CBCPAD": {35, 48}} {
			t.Run("encrypts with "+string(named(suffix)), func(t *testing.T) {
				plaintext := randomBytes(lengths[0])
				order := parameters(named(suffix), plaintext)
				order.IV = randomBytes(16)
				sealed := must(pool.Encrypt(ctx, name, version, order, nil))(t)
				order.Value = sealed.Result

				equal(t, len(sealed.Result), lengths[1])
				equal(t, sealed.IV, order.IV)
				equal(t, must(pool.Decrypt(ctx, name, version, order, nil))(t).Result, plaintext)
			})
		}
		for algorithm, length := range map[encryption]int{
			named("KW"):            32,
			"CKM_AES_KEY_WRAP":     32,
			"CKM_AES_KEY_WRAP_PAD": 33,
		} {
			t.Run(fmt.Sprintf("of %d bits wraps with %s", size, algorithm), func(t *testing.T) {
				value := randomBytes(length)
				order := parameters(algorithm, value)
				wrapped := must(pool.WrapKey(ctx, name, version, order, nil))(t).Result
				order.Value = wrapped

				equal(t, must(pool.UnwrapKey(ctx, name, version, order, nil))(t).Result, value)
				wrapped[0] ^= 1
				_, err := pool.UnwrapKey(ctx, name, version, order, nil)
				refused(t, err, 400, "BadParameter", "")
			})
		}
	}
	for _, algorithm := range []signature{"HS256", "HS384", "HS512"} {
		t.Run("authenticates with "+string(algorithm), func(t *testing.T) {
			key := createOct(t, 256)
			digest := digestFor(algorithm, "what is to be signed")
			order := azkeys.SignParameters{Algorithm: to.Ptr(algorithm), Value: digest}
			made := must(pool.Sign(ctx, key.Name(), "", order, nil))(t)
			check := azkeys.VerifyParameters{
				Algorithm: to.Ptr(algorithm),
				Digest:    digest,
				Signature: made.Result,
			}

			equal(t, made.KID, key)
			equal(t, *must(pool.Verify(ctx, key.Name(), "", check, nil))(t).Value, true)
			check.Digest = digestFor(algorithm, "something else")
			equal(t, *must(pool.Verify(ctx, key.Name(), "", check, nil))(t).Value, false)
		})
	}
	t.Run("is imported", func(t *testing.T) {
		secret, plaintext := newDataKey(), newDataKey()
		got := must(pool.ImportKey(ctx, newName("import"), azkeys.ImportKeyParameters{
			Key: &azkeys.JSONWebKey{Kty: to.Ptr(azkeys.KeyTypeOctHSM), K: secret},
		}, nil))(t)
		order := parameters("A256CBC", plaintext)
		order.IV = randomBytes(16)
		sealed := must(pool.Encrypt(ctx, got.Key.KID.Name(), "", order, nil))(t)
		byItself := make([]byte, len(plaintext))
		cipher.NewCBCEncrypter(must(aes.NewCipher(secret))(t), order.IV).CryptBlocks(byItself, plaintext)

		equal(t, got.Key.K == nil, true)
		equal(t, sealed.Result, byItself)
	})
	t.Run("is refused in other sizes", func(t *testing.T) {
		_, err := pool.CreateKey(ctx, newName("odd"), azkeys.CreateKeyParameters{
			Kty:     to.Ptr(azkeys.KeyTypeOctHSM),
			KeySize: to.Ptr(int32(64)),
		}, nil)
		refused(t, err, 400, "BadParameter", "")
	})
}

func TestAnAttestation(t *testing.T) {
	t.Run("comes with a chain of certificates", func(t *testing.T) {
		parameters := azkeys.CreateKeyParameters{Kty: to.Ptr(azkeys.KeyTypeEC)}
		key := must(pool.CreateKey(ctx, newName("attested"), parameters, nil))(t).Key.KID
		for _, version := range []string{"", key.Version()} {
			got := must(pool.GetKeyAttestation(ctx, key.Name(), version, nil))(t)
			found := got.Attributes.Attestation
			var chain []*x509.Certificate
			for block, rest := pem.Decode(found.CertificatePEMFile); block != nil; block, rest = pem.Decode(rest) {
				chain = append(chain, must(x509.ParseCertificate(block.Bytes))(t))
			}

			equal(t, got.Key.KID, key)
			equal(t, len(found.PublicKeyAttestation) > 0 && len(found.PrivateKeyAttestation) > 0, true)
			equal(t, len(chain) > 0, true)
			for i := 1; i < len(chain); i++ {
				equal(t, chain[i-1].CheckSignatureFrom(chain[i]), nil)
			}
		}
	})
	t.Run("of an unknown key is refused", func(t *testing.T) {
		_, err := pool.GetKeyAttestation(ctx, newName("missing"), "", nil)
		refused(t, err, 404, "KeyNotFound", "")
	})
	t.Run("is not to be had from a vault", func(t *testing.T) {
		name := createAny(t, dev, newName("attested")).Key.KID.Name()
		_, err := dev.GetKeyAttestation(ctx, name, "", nil)
		equal(t, refused(t, err, 400, "BadParameter", ""), "Method GET does not allow operation 'attestation'")
	})
}

func TestAManagedHSM(t *testing.T) {
	random := func(client *azkeys.Client, count int) ([]byte, error) {
		order := azkeys.GetRandomBytesParameters{Count: to.Ptr(int32(count))}
		got, err := client.GetRandomBytes(ctx, order, nil)
		return got.Value, err
	}

	t.Run("gives random bytes", func(t *testing.T) {
		for _, count := range []int{1, 16, 128} {
			equal(t, len(must(random(pool, count))(t)), count)
		}
		equal(t, slices.Equal(must(random(pool, 16))(t), must(random(pool, 16))(t)), false)
	})
	for _, count := range []int{-1, 0, 129} {
		t.Run(fmt.Sprint("does not give ", count, " of them"), func(t *testing.T) {
			_, err := random(pool, count)
			refused(t, err, 400, "BadParameter", "")
		})
	}
	t.Run("does what a vault does not", func(t *testing.T) {
		_, err := random(dev, 16)
		refused(t, err, 400, "BadParameter", "")
	})
	t.Run("honours the public exponent", func(t *testing.T) {
		got := must(pool.CreateKey(ctx, newName("e17"), azkeys.CreateKeyParameters{
			Kty:            to.Ptr(azkeys.KeyTypeRSA),
			PublicExponent: to.Ptr(int32(17)),
		}, nil))(t)

		equal(t, *got.Key.Kty, azkeys.KeyTypeRSAHSM)
		equal(t, got.Key.E, []byte{17})
	})
	t.Run("says so when a key is not there", func(t *testing.T) {
		name := newName("missing")
		_, err := pool.GetKey(ctx, name, "", nil)
		message := refused(t, err, 404, "KeyNotFound", "")
		if !strings.HasPrefix(message, "Key not found: "+urlOf("pool")+"/keys/"+name) {
			t.Error(message)
		}
	})
	t.Run("deletes, recovers and purges", func(t *testing.T) {
		name := newName("gone")
		parameters := azkeys.CreateKeyParameters{Kty: to.Ptr(azkeys.KeyTypeEC)}
		key := must(pool.CreateKey(ctx, name, parameters, nil))(t)
		deleteKey(t, pool, name)
		equal(t, recoverKey(t, pool, name), key.KeyBundle)
		deleteKey(t, pool, name)
		must(pool.PurgeDeletedKey(ctx, name, nil))(t)
		_, err := pool.GetDeletedKey(ctx, name, nil)

		refused(t, err, 404, "KeyNotFound", "")
	})
	t.Run("lists its keys to the last page", func(t *testing.T) {
		key := createOct(t, 128)
		var listed []string
		for _, page := range collect(t, pool.NewListKeyPropertiesPager(nil)) {
			for _, one := range page.Value {
				listed = append(listed, one.KID.Name())
			}
		}

		equal(t, slices.Contains(listed, key.Name()), true)
	})
}
