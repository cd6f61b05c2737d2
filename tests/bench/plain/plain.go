// SPDX-License-Identifier: Apache-2.0

// Plain is the least that a server of the keys API can be, for tests/bench/beside to compare with: Go's
// own HTTP, TLS and cryptography, keys in memory, and not one check: no token, no state, no log,
// nothing that would be there after it ends. It is no stand-in for anything.
//
//	plain ADDRESS FILE    writes its certificate to FILE, listens there, and prints its URL
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// What a client sends: the members of all operations.
type body struct {
	Kty   string `json:"kty"`
	Crv   string `json:"crv"`
	Size  int    `json:"key_size"`
	Alg   string `json:"alg"`
	Value string `json:"value"`
}

// What is kept of a key; its bundle never changes.
type key struct {
	kid    string
	rsa    *rsa.PrivateKey
	ec     *ecdsa.PrivateKey
	bundle []byte
}

var (
	lock sync.RWMutex
	keys = map[string]*key{}

	errNoKey = errors.New("there is no such key")
	errKind  = errors.New("the key is of another kind")
)

func encode(bytes []byte) string {
	return base64.RawURLEncoding.EncodeToString(bytes)
}

func generate(asked body) (*key, map[string]any, error) {
	if asked.Kty == "EC" {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, nil, err
		}
		public, err := private.PublicKey.ECDH()
		if err != nil {
			return nil, nil, err
		}
		point := public.Bytes() // 4, x, y
		return &key{ec: private}, map[string]any{
			"kty": "EC", "crv": "P-256", "x": encode(point[1:33]), "y": encode(point[33:]),
		}, nil
	}
	private, err := rsa.GenerateKey(rand.Reader, asked.Size)
	if err != nil {
		return nil, nil, err
	}
	return &key{rsa: private}, map[string]any{
		"kty": "RSA", "n": encode(private.N.Bytes()), "e": encode(big.NewInt(int64(private.E)).Bytes()),
	}, nil
}

func create(host, name string, asked body) ([]byte, error) {
	made, jwk, err := generate(asked)
	if err != nil {
		return nil, err
	}
	version := make([]byte, 16)
	if _, err := rand.Read(version); err != nil {
		return nil, err
	}
	made.kid = "https://" + host + "/keys/" + name + "/" + hex.EncodeToString(version)
	jwk["kid"] = made.kid
	now := time.Now().Unix()
	made.bundle, err = json.Marshal(map[string]any{
		"key":        jwk,
		"attributes": map[string]any{"enabled": true, "created": now, "updated": now},
	})
	if err != nil {
		return nil, err
	}
	lock.Lock()
	keys[name] = made
	lock.Unlock()
	return made.bundle, nil
}

func operate(found *key, operation string, value []byte) ([]byte, error) {
	switch {
	case operation == "sign" && found.ec != nil:
		r, s, err := ecdsa.Sign(rand.Reader, found.ec, value)
		if err != nil {
			return nil, err
		}
		signature := make([]byte, 64)
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return signature, nil
	case operation == "wrapkey" && found.rsa != nil:
		return rsa.EncryptOAEP(sha256.New(), rand.Reader, &found.rsa.PublicKey, value, nil)
	case operation == "unwrapkey" && found.rsa != nil:
		return found.rsa.Decrypt(nil, value, &rsa.OAEPOptions{Hash: crypto.SHA256})
	}
	return nil, errKind
}

func use(name, operation string, asked body) ([]byte, error) {
	lock.RLock()
	found := keys[name]
	lock.RUnlock()
	if found == nil {
		return nil, errNoKey
	}
	if operation == "" {
		return found.bundle, nil
	}
	value, err := base64.RawURLEncoding.DecodeString(asked.Value)
	if err != nil {
		return nil, err
	}
	result, err := operate(found, operation, value)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]string{"kid": found.kid, "value": encode(result)})
}

// /keys/NAME, /keys/NAME/create, /keys/NAME/VERSION/OPERATION; a name has one version.
func answer(writer http.ResponseWriter, request *http.Request) {
	var asked body

	parts := strings.Split(strings.TrimPrefix(request.URL.Path, "/keys/"), "/")
	bytes, err := io.ReadAll(io.LimitReader(request.Body, 1<<16))
	if err == nil && len(bytes) > 0 {
		err = json.Unmarshal(bytes, &asked)
	}
	var said []byte
	switch {
	case err != nil:
	case len(parts) == 2 && parts[1] == "create":
		said, err = create(request.Host, parts[0], asked)
	case len(parts) == 3:
		said, err = use(parts[0], parts[2], asked)
	default:
		said, err = use(parts[0], "", asked)
	}
	if err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
		return
	}
	writer.Header().Set("Content-Type", "application/json; charset=utf-8")
	if _, err := writer.Write(said); err != nil {
		return // the client has gone
	}
}

// A certificate for the loopback names, by itself.
func certify(file string) (tls.Certificate, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "plain"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return tls.Certificate{}, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private},
		os.WriteFile(file, text, 0o644)
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: plain ADDRESS FILE")
	}
	certificate, err := certify(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("https://%s\n", listener.Addr())
	server := &http.Server{
		Handler:           http.HandlerFunc(answer),
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}},
	}
	log.Fatal(server.ServeTLS(listener, "", ""))
}
