print("certplane-agent")
