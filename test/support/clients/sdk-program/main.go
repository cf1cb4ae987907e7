// Calls one function of the SDK and writes what it gives as JSON, for test/clients/sdk.test.ts. The SDK does the rest:
// which paths it asks for, how it escapes names, and what it makes of a refusal.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"code.gitea.io/sdk/gitea"
)

type answer struct {
	Result any `json:"result"`
	// Status is 0 where the SDK gave no response.
	Status   int    `json:"status"`
	NextPage int    `json:"next_page"`
	LastPage int    `json:"last_page"`
	Total    string `json:"total"`
	Error    string `json:"error"`
}

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: sdk URL TOKEN CALL ARGUMENT...")
		os.Exit(2)
	}
	url, token, call, arguments := os.Args[1], os.Args[2], os.Args[3], os.Args[4:]
	client, err := gitea.NewClient(url, gitea.SetToken(token))
	if err != nil {
		write(answer{Error: err.Error()})
		return
	}
	result, response, err := ask(client, call, arguments)
	said := answer{Result: result}
	if response != nil {
		said.Status = response.StatusCode
		said.NextPage, said.LastPage = response.NextPage, response.LastPage
		said.Total = response.Header.Get("X-Total-Count")
	}
	if err != nil {
		said.Error = err.Error()
	}
	write(said)
}

func ask(client *gitea.Client, call string, a []string) (any, *gitea.Response, error) {
	switch call {
	case "version":
		return client.ServerVersion()
	case "list":
		return client.ListPackages(a[0], gitea.ListPackagesOptions{ListOptions: pageOf(a[1:])})
	case "versions":
		options := gitea.ListPackagesOptions{ListOptions: pageOf(a[3:])}
		return client.ListPackageVersions(a[0], a[1], a[2], options)
	case "get":
		return client.GetPackage(a[0], a[1], a[2], a[3])
	case "latest":
		return client.GetLatestPackage(a[0], a[1], a[2])
	case "files":
		return client.ListPackageFiles(a[0], a[1], a[2], a[3])
	case "delete":
		response, err := client.DeletePackage(a[0], a[1], a[2], a[3])
		return nil, response, err
	case "link":
		response, err := client.LinkPackage(a[0], a[1], a[2], a[3])
		return nil, response, err
	case "unlink":
		response, err := client.UnlinkPackage(a[0], a[1], a[2])
		return nil, response, err
	}
	return nil, nil, fmt.Errorf("no such call: %s", call)
}

// pageOf gives the page and the size that are named; the SDK has values of its own for what is not.
func pageOf(arguments []string) gitea.ListOptions {
	var options gitea.ListOptions
	if len(arguments) > 0 {
		options.Page, _ = strconv.Atoi(arguments[0])
	}
	if len(arguments) > 1 {
		options.PageSize, _ = strconv.Atoi(arguments[1])
	}
	return options
}

func write(said answer) {
	if err := json.NewEncoder(os.Stdout).Encode(said); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
