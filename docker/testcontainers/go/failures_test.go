// SPDX-License-Identifier: Apache-2.0

package coffer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	coffer "coffer.example/testcontainers"
)

// recorder is a test that is looked at from outside.
type recorder struct {
	failed []any
	ends   []func()
}

func (r *recorder) Helper()            {}
func (r *recorder) Cleanup(end func()) { r.ends = append(r.ends, end) }
func (r *recorder) Error(args ...any)  { r.failed = append(r.failed, args...) }
func (r *recorder) Fatal(args ...any)  { r.Error(args...); panic(r) }

func (r *recorder) end() {
	for i := len(r.ends) - 1; i >= 0; i-- {
		r.ends[i]()
	}
}

func TestAFaultThatIsRefusedFailsTheTest(t *testing.T) {
	c := running(t)
	for _, begin := range []func(coffer.TB){
		func(inner coffer.TB) { c.Fault(inner, coffer.Members{"colour": "red"}) },
		func(inner coffer.TB) { c.HSMFault(inner, "bored", nil) },
		func(inner coffer.TB) { c.Scenario(inner, "boredom", nil) },
	} {
		inner := &recorder{}
		func() {
			defer func() { _ = recover() }()
			begin(inner)
		}()
		if len(inner.failed) != 1 || len(inner.ends) != 0 {
			t.Fatal(inner.failed, len(inner.ends))
		}
	}
}

func TestFailuresEndWithTheirTest(t *testing.T) {
	c, ctx, inner := running(t), t.Context(), &recorder{}
	fault := c.Fault(inner, coffer.Members{"vault": "dev", "times": 1, "status": 503})
	c.HSMFault(inner, "slow", coffer.Members{"delay": 1})
	if status := statusOfKeys(t, c, "dev", ""); status != 503 {
		t.Fatal(status)
	}
	if hits := got[int](t)(fault.Hits(ctx)); hits != 1 {
		t.Fatal(hits)
	}
	inner.end()
	_, err := fault.Hits(ctx)
	refused(t, err, 404)
	var left struct{ Faults []any }
	must(t, c.Ask(ctx, "GET", "/control/v1/hsm/faults", nil, &left))
	if len(left.Faults)+len(inner.failed) != 0 {
		t.Fatal(left, inner.failed)
	}
	must(t, fault.Revert(ctx))
}

func TestTheJournalTellsWhatClientsDid(t *testing.T) {
	c, ctx := running(t), t.Context()
	journal := c.Journal(coffer.Filter{"vault": "dev", "operation": "getKeys"})
	must(t, journal.Clear(ctx, nil))
	_, err := journal.Wait(ctx, 1, 10*time.Millisecond, nil)
	if err == nil || !strings.Contains(err.Error(), "0 of 1") {
		t.Fatal(err)
	}
	since := coffer.Filter{"since": fmt.Sprint(got[int](t)(journal.Last(ctx)))}
	c.Fault(t, coffer.Members{"vault": "dev", "operation": "getKeys", "times": 1, "status": 429, "retry_after": 0})
	for _, wanted := range []int{429, 200} {
		if status := statusOfKeys(t, c, "dev", ""); status != wanted {
			t.Fatal(status)
		}
	}
	must(t, journal.Expect(ctx, 1, coffer.Filter{"status": "429"}))
	err = journal.Expect(ctx, 3, nil)
	if err == nil || !strings.Contains(err.Error(), "getKeys") {
		t.Fatal(err)
	}
	if seen := got[[]coffer.Request](t)(journal.Wait(ctx, 2, time.Second, since)); len(seen) != 2 {
		t.Fatal(seen)
	}
	entries := got[[]coffer.Request](t)(journal.Requests(ctx, coffer.Filter{"status": "4xx"}))
	if len(entries) != 1 || entries[0].Operation != "getKeys" || entries[0].Fault == "" {
		t.Fatal(entries)
	}
	setbacks := got[[]coffer.Setback](t)(journal.Retries(ctx, nil))
	if len(setbacks) != 1 || setbacks[0].End != "recovered" || !*setbacks[0].ObeyedRetryAfter {
		t.Fatal(setbacks)
	}
}

func TestAScenarioEndsWithItsTest(t *testing.T) {
	c, ctx, inner := running(t), t.Context(), &recorder{}
	if err := c.Ask(ctx, "GET", "/control/v1/scenarios", nil, nil); err != nil {
		refused(t, err, 404)
		t.Skip("this coffer has no scenarios")
	}
	scenario := c.Scenario(inner, "throttled", coffer.Members{"vault": "dev", "operation": "getKeys"})
	if status := statusOfKeys(t, c, "dev", ""); status != 429 {
		t.Fatal(status)
	}
	inner.end()
	if status := statusOfKeys(t, c, "dev", ""); status != 200 {
		t.Fatal(status)
	}
	must(t, scenario.Revert(ctx))
	if len(inner.failed) != 0 {
		t.Fatal(inner.failed)
	}
}
