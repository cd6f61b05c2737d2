// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/keyvault/armkeyvault"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeployments"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

// An operator's clients of the resource manager, for a group of his own.
type operator struct {
	subscription, tenant, group string
	groups                      *armresources.ResourceGroupsClient
	vaults                      *armkeyvault.VaultsClient
	keys                        *armkeyvault.KeysClient
	deployments                 *armdeployments.DeploymentsClient
}

const place = "westus3"

var often = &runtime.PollUntilDoneOptions{Frequency: time.Millisecond}

// managed is a cloud of one's own, as its users write it down.
func managed() *arm.ClientOptions {
	service := cloud.ServiceConfiguration{
		Audience: "https://management.azure.com",
		Endpoint: fmt.Sprintf("https://localhost:%d", running.Port),
	}
	services := map[cloud.ServiceName]cloud.ServiceConfiguration{cloud.ResourceManager: service}
	return &arm.ClientOptions{ClientOptions: policy.ClientOptions{
		Cloud: cloud.Configuration{Services: services},
	}}
}

// find asks which subscription there is, and whose.
func (me *operator) find(t *testing.T, options *arm.ClientOptions) {
	t.Helper()
	plain := must(arm.NewClient("tests", "v1.0.0", credential, options))(t)
	url := fmt.Sprintf("https://localhost:%d/subscriptions?api-version=2022-12-01", running.Port)
	request := must(runtime.NewRequest(ctx, "GET", url))(t)
	response := must(plain.Pipeline().Do(request))(t)
	var found struct {
		Value []struct{ SubscriptionID, TenantID string }
	}
	if err := runtime.UnmarshalAsJSON(response, &found); err != nil || len(found.Value) != 1 {
		t.Fatal(found, err)
	}
	me.subscription, me.tenant = found.Value[0].SubscriptionID, found.Value[0].TenantID
}

func newOperator(t *testing.T) *operator {
	t.Helper()
	options := managed()
	me := &operator{group: newName("group")}
	me.find(t, options)
	me.groups = must(armresources.NewResourceGroupsClient(me.subscription, credential, options))(t)
	me.vaults = must(armkeyvault.NewVaultsClient(me.subscription, credential, options))(t)
	me.keys = must(armkeyvault.NewKeysClient(me.subscription, credential, options))(t)
	me.deployments = must(armdeployments.NewDeploymentsClient(me.subscription, credential, options))(t)

	wish := armresources.ResourceGroup{Location: to.Ptr(place)}
	must(me.groups.CreateOrUpdate(ctx, me.group, wish, nil))(t)
	t.Cleanup(func() {
		poller := must(me.groups.BeginDelete(ctx, me.group, nil))(t)
		must(poller.PollUntilDone(ctx, often))(t)
	})
	return me
}

// makeVault makes one with a policy that lets nobody in.
func (me *operator) makeVault(t *testing.T) (string, *azkeys.Client) {
	t.Helper()
	name := newName("v")[:14]
	poller := must(me.vaults.BeginCreateOrUpdate(ctx, me.group, name,
		armkeyvault.VaultCreateOrUpdateParameters{
			Location: to.Ptr(place),
			Properties: &armkeyvault.VaultProperties{
				TenantID: &me.tenant,
				SKU: &armkeyvault.SKU{
					Family: to.Ptr(armkeyvault.SKUFamilyA),
					Name:   to.Ptr(armkeyvault.SKUNameStandard),
				},
				AccessPolicies: []*armkeyvault.AccessPolicyEntry{},
			},
		}, nil))(t)
	made := must(poller.PollUntilDone(ctx, often))(t)
	return name, must(azkeys.NewClient(*made.Properties.VaultURI, credential, nil))(t)
}

func TestManagerVaultIsClosedByItsOperator(t *testing.T) {
	me := newOperator(t)
	name, keys := me.makeVault(t)
	_, err := keys.GetKey(ctx, "k", "", nil)
	refused(t, err, 403, "Forbidden", "AccessDenied")

	closed := armkeyvault.VaultPatchParameters{Properties: &armkeyvault.VaultPatchProperties{
		PublicNetworkAccess: to.Ptr("Disabled"),
	}}
	must(me.vaults.Update(ctx, me.group, name, closed, nil))(t)
	_, err = keys.GetKey(ctx, "k", "", nil)
	refused(t, err, 403, "Forbidden", "ForbiddenByConnection")
}

func TestManagerVaultIsDeletedRecoveredAndPurged(t *testing.T) {
	me := newOperator(t)
	name, _ := me.makeVault(t)
	must(me.vaults.Delete(ctx, me.group, name, nil))(t)
	_, err := me.vaults.Get(ctx, me.group, name, nil)
	refused(t, err, 404, "ResourceNotFound", "")
	deleted := must(me.vaults.GetDeleted(ctx, name, place, nil))(t)
	equal(t, *deleted.Name, name)

	purging := must(me.vaults.BeginPurgeDeleted(ctx, name, place, nil))(t)
	must(purging.PollUntilDone(ctx, often))(t)
	_, err = me.vaults.GetDeleted(ctx, name, place, nil)
	refused(t, err, 404, "DeletedVaultNotFound", "")
}

func TestManagerMakesKeys(t *testing.T) {
	me := newOperator(t)
	name, _ := me.makeVault(t)
	wish := armkeyvault.KeyCreateParameters{Properties: &armkeyvault.KeyProperties{
		Kty:       to.Ptr(armkeyvault.JSONWebKeyTypeEC),
		CurveName: to.Ptr(armkeyvault.JSONWebKeyCurveNameP256),
	}}
	made := must(me.keys.CreateIfNotExist(ctx, me.group, name, "k", wish, nil))(t)
	got := must(me.keys.Get(ctx, me.group, name, "k", nil))(t)
	equal(t, got.Key, made.Key)
	pages := collect(t, me.keys.NewListVersionsPager(me.group, name, "k", nil))
	equal(t, len(pages[0].Value), 1)
}

// deployable reads a template of this project's own, whose comments Go would not understand.
func deployable(t *testing.T) map[string]any {
	t.Helper()
	text := must(os.ReadFile(filepath.Join(os.Getenv("SDK_TEMPLATES"), "user-assigned.json")))(t)
	var template map[string]any
	text = regexp.MustCompile(`(?m)^\s*//.*$`).ReplaceAll(text, nil)
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	return template
}

func TestManagerDeploysATemplateThatThenChangesNothing(t *testing.T) {
	me := newOperator(t)
	values := map[string]string{
		"vault": newName("v")[:14], "key": "cmk", "caretaker": "caretaker", "grant": "a role",
		"workspace": strings.ReplaceAll(newName("w"), "-", ""), "service": "fhir", "directory": me.tenant,
	}
	parameters := map[string]*armdeployments.DeploymentParameter{}
	for name, value := range values {
		parameters[name] = &armdeployments.DeploymentParameter{Value: value}
	}
	mode := to.Ptr(armdeployments.DeploymentModeIncremental)
	wish := armdeployments.Deployment{Properties: &armdeployments.DeploymentProperties{
		Mode: mode, Template: deployable(t), Parameters: parameters,
	}}
	for range 2 {
		poller := must(me.deployments.BeginCreateOrUpdate(ctx, me.group, "one", wish, nil))(t)
		done := must(poller.PollUntilDone(ctx, often))(t)
		equal(t, *done.Properties.ProvisioningState, armdeployments.ProvisioningStateSucceeded)
	}
	asked := armdeployments.DeploymentWhatIf{Properties: &armdeployments.DeploymentWhatIfProperties{
		Mode: mode, Template: deployable(t), Parameters: parameters,
	}}
	poller := must(me.deployments.BeginWhatIf(ctx, me.group, "one", asked, nil))(t)
	told := must(poller.PollUntilDone(ctx, often))(t)
	equal(t, len(told.Properties.Changes), len(values)-1)
	for _, one := range told.Properties.Changes {
		equal(t, *one.ChangeType, armdeployments.ChangeTypeNoChange)
	}
}
