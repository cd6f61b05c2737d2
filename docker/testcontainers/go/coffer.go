// SPDX-License-Identifier: Apache-2.0

// Package coffer is the client of a coffer that runs, as its control port shows it. It needs nothing
// but Go; the package container starts one by Testcontainers.
package coffer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// The virtual clock takes half a minute at most for what falls due on the way.
	timeout   = 60 * time.Second
	answerMax = 64 << 20
)

// Error is what the control port refused: the status of HTTP, a code, and its words.
type Error struct {
	Status  int
	Code    string
	Message string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s (status %d)", e.Code, e.Message, e.Status)
}

// Vault is a vault, or a managed HSM, as it was when it was asked for.
type Vault struct {
	Name            string `json:"name"`
	URL             string `json:"url"`
	State           string `json:"state"` // "live" or "deleted"
	Kind            string `json:"kind"`  // "vault" or "hsm"
	SKU             string `json:"sku"`
	Retention       int    `json:"retention"` // days
	PurgeProtection bool   `json:"purge_protection"`
	Access          string `json:"access"` // "open", "policy" or "rbac"
}

// VaultSettings are those of a vault to be made; what is left out is as coffer has it by default.
type VaultSettings struct {
	Kind            string `json:"kind,omitempty"`
	SKU             string `json:"sku,omitempty"`
	Retention       int    `json:"retention,omitempty"`
	PurgeProtection bool   `json:"purge_protection,omitempty"`
	Access          string `json:"access,omitempty"`
}

// Info is what /control/v1/info says.
type Info struct {
	Version     string  `json:"version"`
	PID         int     `json:"pid"`
	Port        int     `json:"port"`
	ControlPort int     `json:"control_port"`
	Vaults      []Vault `json:"vaults"` // name and URL alone
}

// Coffer is a coffer that runs. Its methods return an *Error when coffer refuses, and what net/http
// says when it cannot be reached. It may be used by several goroutines.
type Coffer struct {
	controlURL   string
	httpsPort    int
	controlToken string
	client       *http.Client

	once      sync.Mutex // guards what follows
	listening int
}

// New returns the client of the coffer whose control port is at controlURL
// ("http://127.0.0.1:8080"). httpsPort is the port by which this process reaches the vaults, where
// that is another one than coffer listens on: in a container. Else it is 0. The token of its
// --control-token, if it has one, is the variable COFFER_CONTROL_TOKEN, or what WithControlToken says.
func New(controlURL string, httpsPort int) *Coffer {
	// No proxy has a part in this: the control port is on this machine, or next to it.
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	return &Coffer{
		controlURL:   strings.TrimRight(controlURL, "/"),
		httpsPort:    httpsPort,
		controlToken: os.Getenv("COFFER_CONTROL_TOKEN"),
		client:       &http.Client{Transport: transport, Timeout: timeout},
	}
}

// WithControlToken has every order to the control port show this token, and returns c. Call it before
// anything else.
func (c *Coffer) WithControlToken(token string) *Coffer {
	c.controlToken = token
	return c
}

// ControlURL is where the control port is, without a slash at the end.
func (c *Coffer) ControlURL() string { return c.controlURL }

// refusal is the error that an answer of the control port stands for.
func refusal(status int, text []byte) error {
	var answer struct {
		Error struct{ Code, Message string }
	}
	if json.Unmarshal(text, &answer) != nil || answer.Error.Code == "" {
		return &Error{status, "Unknown", string(text[:min(len(text), 200)])}
	}
	return &Error{status, answer.Error.Code, answer.Error.Message}
}

func (c *Coffer) fetch(ctx context.Context, method, path string, body io.Reader,
	header http.Header) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.controlURL+path, body)
	if err != nil {
		return nil, err
	}
	request.Header = header
	if c.controlToken != "" && strings.HasPrefix(path, "/control/") {
		request.Header.Set("Authorization", "Bearer "+c.controlToken)
	}
	response, err := c.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, answerMax))
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 300 {
		return nil, refusal(response.StatusCode, text)
	}
	return text, nil
}

// Ask gives the control port an order (nil: none) at a path of docs/options.md, and reads its answer
// into answer (nil: it is not wanted).
func (c *Coffer) Ask(ctx context.Context, method, path string, order, answer any) error {
	var body io.Reader
	if order != nil {
		text, err := json.Marshal(order)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	text, err := c.fetch(ctx, method, path, body, http.Header{"Content-Type": {"application/json"}})
	if err != nil || answer == nil {
		return err
	}
	return json.Unmarshal(text, answer)
}

// Info says version, ports and vaults.
func (c *Coffer) Info(ctx context.Context) (info Info, err error) {
	err = c.Ask(ctx, http.MethodGet, "/control/v1/info", nil, &info)
	return info, err
}

func (c *Coffer) listeningPort(ctx context.Context) (int, error) {
	c.once.Lock()
	defer c.once.Unlock()
	if c.listening == 0 {
		info, err := c.Info(ctx)
		if err != nil {
			return 0, err
		}
		c.listening = info.Port
	}
	return c.listening, nil
}

// reachable is a vault's URL as this process can use it: with the mapped port, where it has none else.
func (c *Coffer) reachable(ctx context.Context, text string) (string, error) {
	parts, err := url.Parse(text)
	if err != nil || c.httpsPort == 0 || !strings.HasSuffix(parts.Hostname(), ".localhost") {
		return text, err
	}
	listening, err := c.listeningPort(ctx)
	if err != nil {
		return "", err
	}
	port := parts.Port()
	if port == "" {
		port = "443"
	}
	if port == strconv.Itoa(listening) {
		parts.Host = parts.Hostname() + ":" + strconv.Itoa(c.httpsPort)
	}
	return parts.String(), nil
}
