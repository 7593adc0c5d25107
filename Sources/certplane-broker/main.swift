print("certplane-broker")
