// SPDX-License-Identifier: Apache-2.0

// What the container is told, without an engine; none of these tests starts one.
package container

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"testing"

	"github.com/docker/go-connections/nat"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

// request is what Run would have the engine start.
func request(t *testing.T, given ...testcontainers.ContainerCustomizer) testcontainers.GenericContainerRequest {
	t.Helper()
	var request testcontainers.GenericContainerRequest
	for _, option := range options(given) {
		if err := option.Customize(&request); err != nil {
			t.Fatal(err)
		}
	}
	return request
}

func TestItHasBothPortsAndNoLastingState(t *testing.T) {
	request := request(t)
	if !slices.Equal(request.ExposedPorts, []string{"8443/tcp", "8080/tcp"}) {
		t.Fatal(request.ExposedPorts)
	}
	want := map[string]string{"COFFER_EPHEMERAL": "true", "COFFER_VAULT": "dev"}
	if !maps.Equal(request.Env, want) {
		t.Fatal(request.Env)
	}
}

func TestVaultsAndOptionsCanBeSaid(t *testing.T) {
	request := request(t, WithVaults("dev", "pool,kind=hsm"),
		testcontainers.WithEnv(map[string]string{"COFFER_DELETION_LAG": "2s"}))
	if request.Env["COFFER_VAULT"] != "dev pool,kind=hsm" || request.Env["COFFER_DELETION_LAG"] != "2s" {
		t.Fatal(request.Env)
	}
}

func TestItWaitsForReadyOnTheControlPort(t *testing.T) {
	all, ok := request(t).WaitingFor.(*wait.MultiStrategy)
	if !ok || len(all.Strategies) != 1 {
		t.Fatal(request(t).WaitingFor)
	}
	strategy, ok := all.Strategies[0].(*wait.HTTPStrategy)
	if !ok || strategy.Path != "/ready" || strategy.Port != "8080/tcp" || strategy.UseTLS {
		t.Fatal(all.Strategies[0])
	}
	if !strategy.StatusCodeMatcher(http.StatusOK) ||
		strategy.StatusCodeMatcher(http.StatusServiceUnavailable) {
		t.Fatal("it must wait for 200")
	}
}

// mapped is as if it had been started: its ports are those of a coffer that runs.
type mapped struct {
	testcontainers.Container
	control *url.URL
}

func (m mapped) Host(context.Context) (string, error) { return m.control.Hostname(), nil }

func (m mapped) MappedPort(_ context.Context, port nat.Port) (nat.Port, error) {
	if port == controlPort {
		return nat.Port(m.control.Port() + "/tcp"), nil
	}
	return "4711/tcp", nil
}

func TestItsClientHasTheMappedPorts(t *testing.T) {
	text := os.Getenv("COFFER_CONTROL_URL")
	if text == "" {
		t.Skip("COFFER_CONTROL_URL names no coffer that runs")
	}
	control, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	client, err := connect(t.Context(), mapped{control: control})
	if err != nil {
		t.Fatal(err)
	}
	ours := CofferContainer{Container: mapped{control: control}, Coffer: client}
	vault, err := ours.VaultURL(t.Context(), "")
	if err != nil || vault != "https://dev.vault.localhost:4711" || ours.ControlURL() != text {
		t.Fatal(vault, err)
	}
}
