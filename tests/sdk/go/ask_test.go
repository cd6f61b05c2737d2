// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"bytes"
	"fmt"
	"net/http"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
)

// With SDK_ASK in the environment the program is no test: for tests/docs it asks for a key as any
// program would, and prints what its user would read. With ASK_ADVANCE it asks, moves coffer's clock
// by that, and asks again.
func ask() error {
	once := azcore.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}
	found, err := azidentity.NewDefaultAzureCredential(
		&azidentity.DefaultAzureCredentialOptions{ClientOptions: once})
	if err != nil {
		return err
	}
	client, err := azkeys.NewClient(devURL, found, &azkeys.ClientOptions{ClientOptions: once})
	if err != nil {
		return err
	}
	if _, err = client.GetKey(ctx, "cmk", "", nil); err != nil {
		return err
	}
	if by := os.Getenv("ASK_ADVANCE"); by != "" {
		order := bytes.NewBufferString(fmt.Sprintf(`{"advance":%q,"tokens":"age"}`, by))
		answer, err := http.Post(os.Getenv("ASK_CONTROL")+"/control/v1/clock", "application/json", order)
		if err != nil {
			return err
		}
		_ = answer.Body.Close()
		if _, err = client.GetKey(ctx, "cmk", "", nil); err != nil {
			return err
		}
	}
	fmt.Println("there is no trouble")
	return nil
}
