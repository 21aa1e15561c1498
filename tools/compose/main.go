// Reads a compose file with the library that "docker compose config" reads it with, for machines without
// Docker. Prints the project as YAML; what is wrong goes to standard error, with exit code 1.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	options, err := cli.NewProjectOptions(os.Args[1:], cli.WithOsEnv, cli.WithName("ctc"))
	if err == nil {
		project, loadErr := options.LoadProject(context.Background())
		if loadErr == nil {
			yaml, _ := project.MarshalYAML()
			fmt.Print(string(yaml))
			return
		}
		err = loadErr
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
