// SPDX-License-Identifier: Apache-2.0

package coffer

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
)

const (
	faultsPath    = "/control/v1/faults"
	hsmFaultsPath = "/control/v1/hsm/faults"
)

// TB is what failures need of a *testing.T: they are taken back by its Cleanup.
type TB interface {
	Helper()
	Cleanup(func())
	Fatal(args ...any)
	Error(args ...any)
}

// Members are those of a fault rule side by side: docs/failures.md has all of them.
type Members map[string]any

var (
	ruleMembers  = []string{"id", "comment", "enabled", "stage", "ttl"}
	matchMembers = []string{"vault", "key", "version", "operation", "principal", "api_version", "header",
		"client", "session"}
	whenMembers = []string{"skip", "times", "every", "probability", "seed", "from", "until", "for", "quota"}
)

// rule sorts members into a fault rule; what belongs nowhere else says what happens.
func (m Members) rule() map[string]any {
	match, when, effect := Members{}, Members{}, Members{}
	rule := map[string]any{"match": match, "when": when, "effect": effect}
	for name, value := range m {
		switch {
		case slices.Contains(ruleMembers, name):
			rule[name] = value
		case slices.Contains(matchMembers, name):
			match[name] = value
		case slices.Contains(whenMembers, name):
			when[name] = value
		default:
			effect[name] = value
		}
	}
	return rule
}

// Fault is a fault rule, or a failure of the HSM.
type Fault struct {
	ID string

	coffer *Coffer
	path   string
}

// Hits says how many requests, or calls of the HSM, it has acted on.
func (f *Fault) Hits(ctx context.Context) (int, error) {
	var answer struct{ Hits int }
	err := f.coffer.Ask(ctx, http.MethodGet, f.path, nil, &answer)
	return answer.Hits, err
}

// Revert ends it. One that is over by itself, or by a reset, is as good as ended.
func (f *Fault) Revert(ctx context.Context) error {
	return unless(f.coffer.Ask(ctx, http.MethodDelete, f.path, nil, nil), http.StatusNotFound)
}

// unless forgives a refusal with one of these statuses.
func unless(err error, statuses ...int) error {
	var refused *Error
	if errors.As(err, &refused) && slices.Contains(statuses, refused.Status) {
		return nil
	}
	return err
}

func (c *Coffer) begin(ctx context.Context, path string, order any) (*Fault, error) {
	var answer struct{ ID string }
	if err := c.Ask(ctx, http.MethodPost, path, order, &answer); err != nil {
		return nil, err
	}
	return &Fault{answer.ID, c, path + "/" + url.PathEscape(answer.ID)}, nil
}

// AddFault adds a fault rule, to be ended by its Revert: which requests ("vault", "key", "operation",
// ...), when ("times", "skip", "every", ...), and what happens to them ("status", "error",
// "retry_after", "cut", ...).
func (c *Coffer) AddFault(ctx context.Context, members Members) (*Fault, error) {
	return c.begin(ctx, faultsPath, members.rule())
}

// AddHSMFault has the HSM fail: "token_removed", "pin_locked", "slow", "error", ...: docs/hsm.md.
func (c *Coffer) AddHSMFault(ctx context.Context, kind string, members Members) (*Fault, error) {
	order := map[string]any{"kind": kind}
	for name, value := range members {
		order[name] = value
	}
	return c.begin(ctx, hsmFaultsPath, order)
}

// Scenario is an incident that was applied.
type Scenario struct {
	Name string

	coffer *Coffer
}

func (s *Scenario) path(action string) string {
	return "/control/v1/scenarios/" + url.PathEscape(s.Name) + action
}

// Revert takes it back. One that a reset has taken back already is fine.
func (s *Scenario) Revert(ctx context.Context) error {
	err := s.coffer.Ask(ctx, http.MethodPost, s.path("/revert"), struct{}{}, nil)
	return unless(err, http.StatusNotFound, http.StatusConflict)
}

// ApplyScenario has an incident happen, to be taken back by its Revert; `coffer scenario list` has their
// names and parameters: {"vault": "dev", "key": "cmk"}.
func (c *Coffer) ApplyScenario(ctx context.Context, name string, parameters Members) (*Scenario, error) {
	if parameters == nil {
		parameters = Members{}
	}
	scenario := &Scenario{name, c}
	if err := c.Ask(ctx, http.MethodPost, scenario.path("/apply"), parameters, nil); err != nil {
		return nil, err
	}
	return scenario, nil
}

// revertAfter has the end of the test, for which its context is over, end this.
func revertAfter(t TB, revert func(context.Context) error) {
	t.Cleanup(func() {
		if err := revert(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// Fault is AddFault for one test: it fails the test where coffer refuses, and is over after it.
func (c *Coffer) Fault(t TB, members Members) *Fault {
	t.Helper()
	fault, err := c.AddFault(context.Background(), members)
	if err != nil {
		t.Fatal(err)
	}
	revertAfter(t, fault.Revert)
	return fault
}

// HSMFault is AddHSMFault for one test.
func (c *Coffer) HSMFault(t TB, kind string, members Members) *Fault {
	t.Helper()
	fault, err := c.AddHSMFault(context.Background(), kind, members)
	if err != nil {
		t.Fatal(err)
	}
	revertAfter(t, fault.Revert)
	return fault
}

// Scenario is ApplyScenario for one test.
func (c *Coffer) Scenario(t TB, name string, parameters Members) *Scenario {
	t.Helper()
	scenario, err := c.ApplyScenario(context.Background(), name, parameters)
	if err != nil {
		t.Fatal(err)
	}
	revertAfter(t, scenario.Revert)
	return scenario
}
