// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"math/big"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

type signature = azkeys.SignatureAlgorithm

// The EC algorithms, their curves, and how long a coordinate is. Go has no P-256K of its own.
var ecAlgorithms = []struct {
	algorithm  signature
	curve      azkeys.CurveName
	coordinate int
	known      elliptic.Curve
}{
	{azkeys.SignatureAlgorithmES256, azkeys.CurveNameP256, 32, elliptic.P256()},
	{azkeys.SignatureAlgorithmES256K, azkeys.CurveNameP256K, 32, nil},
	{azkeys.SignatureAlgorithmES384, azkeys.CurveNameP384, 48, elliptic.P384()},
	{azkeys.SignatureAlgorithmES512, azkeys.CurveNameP521, 66, elliptic.P521()},
}

var hashes = map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}

func digestFor(algorithm signature, text string) []byte {
	hash := hashes[string(algorithm[2:5])].New()
	hash.Write([]byte(text))
	return hash.Sum(nil)
}

func createEC(t *testing.T, parameters azkeys.CreateKeyParameters) azkeys.KeyBundle {
	t.Helper()
	if parameters.Kty == nil {
		parameters.Kty = to.Ptr(azkeys.KeyTypeEC)
	}
	return must(dev.CreateKey(ctx, newName("ec"), parameters, nil))(t).KeyBundle
}

func sign(key *azkeys.ID, algorithm signature, digest []byte) ([]byte, error) {
	parameters := azkeys.SignParameters{Algorithm: &algorithm, Value: digest}
	got, err := dev.Sign(ctx, key.Name(), key.Version(), parameters, nil)
	return got.Result, err
}

func verify(key *azkeys.ID, algorithm signature, digest, signature []byte) (bool, error) {
	got, err := dev.Verify(ctx, key.Name(), key.Version(), azkeys.VerifyParameters{
		Algorithm: &algorithm,
		Digest:    digest,
		Signature: signature,
	}, nil)
	return got.Value != nil && *got.Value, err
}

// signed has a digest signed, and the signature verified by the server.
func signed(t *testing.T, key *azkeys.ID, algorithm signature) (digest, result []byte) {
	t.Helper()
	digest = digestFor(algorithm, "what is to be signed")
	result = must(sign(key, algorithm, digest))(t)

	equal(t, must(verify(key, algorithm, digest, result))(t), true)
	equal(t, must(verify(key, algorithm, digestFor(algorithm, "something else"), result))(t), false)
	return digest, result
}

func TestCreatingAnECKey(t *testing.T) {
	for _, row := range ecAlgorithms {
		for _, kind := range []azkeys.KeyType{azkeys.KeyTypeEC, azkeys.KeyTypeECHSM} {
			t.Run("makes "+string(kind)+" on "+string(row.curve), func(t *testing.T) {
				got := createEC(t, azkeys.CreateKeyParameters{Kty: &kind, Curve: &row.curve}).Key

				equal(t, *got.Kty, kind)
				equal(t, *got.Crv, row.curve)
				equal(t, []int{len(got.X), len(got.Y)}, []int{row.coordinate, row.coordinate})
				equal(t, got.KeyOps, ops("sign", "verify"))
			})
		}
	}
	t.Run("takes P-256 where no curve is named", func(t *testing.T) {
		equal(t, *createEC(t, azkeys.CreateKeyParameters{}).Key.Crv, azkeys.CurveNameP256)
	})
	for word, parameters := range map[string]azkeys.CreateKeyParameters{
		"a curve that is none":                     {Curve: to.Ptr(azkeys.CurveName("P-512"))},
		"operations that such a key does not have": {KeyOps: ops("wrapKey", "unwrapKey")},
	} {
		t.Run("refuses "+word, func(t *testing.T) {
			parameters.Kty = to.Ptr(azkeys.KeyTypeEC)
			_, err := dev.CreateKey(ctx, newName("odd"), parameters, nil)
			refused(t, err, 400, "BadParameter", "")
		})
	}
}

func TestASignatureByAnECKey(t *testing.T) {
	for _, row := range ecAlgorithms {
		t.Run("is made with "+string(row.algorithm), func(t *testing.T) {
			key := createEC(t, azkeys.CreateKeyParameters{Curve: &row.curve}).Key
			digest, result := signed(t, key.KID, row.algorithm)

			equal(t, len(result), 2*row.coordinate)
			if row.known != nil {
				number := func(bytes []byte) *big.Int { return new(big.Int).SetBytes(bytes) }
				public := &ecdsa.PublicKey{Curve: row.known, X: number(key.X), Y: number(key.Y)}
				r, s := number(result[:row.coordinate]), number(result[row.coordinate:])
				equal(t, ecdsa.Verify(public, digest, r, s), true)
			}
		})
	}
	t.Run("is made by a key of the HSM kind", func(t *testing.T) {
		key := createEC(t, azkeys.CreateKeyParameters{Kty: to.Ptr(azkeys.KeyTypeECHSM)}).Key

		signed(t, key.KID, azkeys.SignatureAlgorithmES256)
	})
}

func TestASignatureByAnRSAKey(t *testing.T) {
	key := createRSA(t, dev, newName("sign")).Key
	public := publicKey(key)

	for bits, hash := range hashes {
		t.Run("is made with RS"+bits, func(t *testing.T) {
			digest, result := signed(t, key.KID, signature("RS"+bits))
			if err := rsa.VerifyPKCS1v15(public, hash, digest, result); err != nil {
				t.Error(err)
			}
		})
		t.Run("is made with PS"+bits, func(t *testing.T) {
			digest, result := signed(t, key.KID, signature("PS"+bits))
			options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
			if err := rsa.VerifyPSS(public, hash, digest, result, options); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("of what is no digest is made with RSNULL", func(t *testing.T) {
		value := []byte("as it is")
		result := must(sign(key.KID, "RSNULL", value))(t)
		if err := rsa.VerifyPKCS1v15(public, 0, value, result); err != nil {
			t.Error(err)
		}
	})
}

func TestSigningIsRefused(t *testing.T) {
	rsaKey := createRSA(t, dev, newName("refuses")).Key.KID
	ecKey := createEC(t, azkeys.CreateKeyParameters{}).Key.KID
	digest := randomBytes(32)

	for _, row := range []struct {
		word      string
		key       *azkeys.ID
		algorithm signature
		digest    []byte
	}{
		{"for a short digest by RSA", rsaKey, "RS256", digest[:31]},
		{"for a short digest by EC", ecKey, "ES256", digest[:31]},
		{"with an algorithm of another curve", ecKey, "ES256K", digest},
		{"with an algorithm of EC by RSA", rsaKey, "ES256", digest},
		{"with an algorithm of RSA by EC", ecKey, "RS256", digest},
	} {
		t.Run(row.word, func(t *testing.T) {
			_, err := sign(row.key, row.algorithm, row.digest)
			refused(t, err, 400, "BadParameter", "")
		})
	}
	t.Run("by a key that may only verify", func(t *testing.T) {
		key := createEC(t, azkeys.CreateKeyParameters{KeyOps: ops("verify")}).Key.KID
		_, err := sign(key, "ES256", digest)
		refused(t, err, 403, "Forbidden", "KeyOperationForbidden")
	})
	t.Run("by a disabled key, which does not verify either", func(t *testing.T) {
		attributes := &azkeys.KeyAttributes{Enabled: to.Ptr(false)}
		key := createEC(t, azkeys.CreateKeyParameters{KeyAttributes: attributes}).Key.KID
		_, err := sign(key, "ES256", digest)
		refused(t, err, 403, "Forbidden", "KeyDisabled")
		_, err = verify(key, "ES256", digest, randomBytes(64))
		refused(t, err, 403, "Forbidden", "KeyDisabled")
	})
	t.Run("by an expired key, which still verifies", func(t *testing.T) {
		key := createEC(t, azkeys.CreateKeyParameters{}).Key.KID
		result := must(sign(key, "ES256", digest))(t)
		change := azkeys.UpdateKeyParameters{KeyAttributes: &azkeys.KeyAttributes{Expires: fromNow(-time.Hour)}}
		must(dev.UpdateKey(ctx, key.Name(), "", change, nil))(t)
		_, err := sign(key, "ES256", digest)

		refused(t, err, 403, "Forbidden", "KeyExpired")
		equal(t, must(verify(key, "ES256", digest, result))(t), true)
	})
	t.Run("and so is encrypting with an EC key", func(t *testing.T) {
		_, err := encrypt(ecKey, "RSA-OAEP", digest)
		refused(t, err, 403, "Forbidden", "KeyOperationForbidden")
	})
}
