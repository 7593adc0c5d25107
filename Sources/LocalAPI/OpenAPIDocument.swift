// swift-format-ignore-file
/// openapi/openapi.json byte for byte, written by scripts/embed-openapi.
let openAPIDocument = #"""
{
  "openapi": "3.1.0",
  "info": {
    "title": "certplane-agent local API",
    "version": "1",
    "description": "The agent's API on loopback and on its Unix socket. Reading is open to the users of the host; changes over TCP need the bearer token of api.token_file, over the socket the right to connect. HEAD works wherever GET does, OPTIONS everywhere. Names in paths are percent-decoded once.",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}
  },
  "servers": [{"url": "http://127.0.0.1:9780"}],
  "security": [],
  "paths": {
    "/": {
      "get": {
        "operationId": "getPage",
        "summary": "The status page, for a person",
        "responses": {
          "200": {
            "description": "One HTML document that refreshes itself through /v1/status.",
            "headers": {
              "Content-Security-Policy": {
                "schema": {"type": "string"},
                "example": "default-src 'none'"
              }
            },
            "content": {"text/html": {"schema": {"type": "string"}, "example": "<!doctype html>"}}
          },
          "400": {"$ref": "#/components/responses/BadRequest"},
          "403": {"$ref": "#/components/responses/CrossSite"},
          "421": {"$ref": "#/components/responses/Misdirected"}
        },
        "x-codeSamples": [{"lang": "Shell", "source": "curl http://localhost:9780/"}]
      }
    },
    "/healthz": {
      "get": {
        "operationId": "getHealth",
        "summary": "Whether engine and API make progress",
        "responses": {
          "200": {
            "description": "Both came round within 30 seconds.",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": "ok\n"}}
          },
          "400": {"$ref": "#/components/responses/BadRequest"},
          "403": {"$ref": "#/components/responses/CrossSite"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "503": {
            "description": "One of them stands still.",
            "content": {
              "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": {
                  "type": "urn:certplane:problem:not_alive",
                  "title": "The agent makes no progress",
                  "status": 503,
                  "detail": "The engine has not come round for 41 s.",
                  "instance": "/healthz"
                }
              }
            }
          }
        },
        "x-codeSamples": [{"lang": "Shell", "source": "curl http://localhost:9780/healthz"}]
      }
    },
    "/metrics": {
      "get": {
        "operationId": "getMetrics",
        "summary": "Metrics in Prometheus' text format 0.0.4",
        "responses": {
          "200": {
            "description": "All series.",
            "content": {
              "text/plain": {
                "schema": {"type": "string"},
                "example": "# HELP certplane_clock_skew_seconds This host's clock.\n# TYPE certplane_clock_skew_seconds gauge\ncertplane_clock_skew_seconds 0\n"
              }
            }
          },
          "400": {"$ref": "#/components/responses/BadRequest"},
          "403": {"$ref": "#/components/responses/CrossSite"},
          "421": {"$ref": "#/components/responses/Misdirected"}
        },
        "x-codeSamples": [{"lang": "Shell", "source": "curl http://localhost:9780/metrics"}]
      }
    },
    "/openapi.json": {
      "get": {
        "operationId": "getContract",
        "summary": "This document",
        "responses": {
          "200": {
            "description": "The contract.",
            "content": {
              "application/json": {"schema": {"type": "object"}, "example": {"openapi": "3.1.0"}}
            }
          },
          "400": {"$ref": "#/components/responses/BadRequest"},
          "403": {"$ref": "#/components/responses/CrossSite"},
          "421": {"$ref": "#/components/responses/Misdirected"}
        },
        "x-codeSamples": [{"lang": "Shell", "source": "curl http://localhost:9780/openapi.json"}]
      }
    },
    "/readyz": {
      "get": {
        "operationId": "getReadiness",
        "summary": "Whether the services of this host have what they need",
        "parameters": [
          {
            "name": "certificate",
            "in": "query",
            "description": "Look at this certificate alone.",
            "schema": {"type": "string", "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"},
            "example": "www"
          },
          {
            "name": "verbose",
            "in": "query",
            "description": "Answer as text, a line for each check.",
            "allowEmptyValue": true,
            "schema": {"enum": ["", "true", "1"]}
          }
        ],
        "responses": {
          "200": {
            "description": "Ready, or degraded: something fails, and what is there still works.",
            "content": {
              "application/json": {
                "schema": {"$ref": "#/components/schemas/Readiness"},
                "example": {
                  "status": "degraded",
                  "checks": [
                    {
                      "name": "configuration",
                      "certificate": null,
                      "state": "ok",
                      "since": "2026-11-23T09:00:00Z",
                      "detail": null
                    },
                    {
                      "name": "reload",
                      "certificate": "www",
                      "state": "degraded",
                      "since": "2026-11-23T10:00:00Z",
                      "detail": "renewed on disk, but the service has not taken the new certificate"
                    }
                  ]
                }
              },
              "text/plain": {
                "schema": {"type": "string"},
                "example": "[ok] configuration\n[ok] identity\nready\n"
              }
            }
          },
          "400": {"$ref": "#/components/responses/BadRequest"},
          "403": {"$ref": "#/components/responses/CrossSite"},
          "404": {"$ref": "#/components/responses/UnknownCertificate"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "503": {
            "description": "Not ready.",
            "content": {
              "application/json": {
                "schema": {"$ref": "#/components/schemas/Readiness"},
                "example": {
                  "status": "not_ready",
                  "checks": [
                    {
                      "name": "identity",
                      "certificate": null,
                      "state": "failed",
                      "since": null,
                      "detail": "not_enrolled"
                    }
                  ]
                }
              },
              "text/plain": {
                "schema": {"type": "string"},
                "example": "[ok] configuration\n[failed] identity: not_enrolled\nnot_ready\n"
              }
            }
          }
        },
        "x-codeSamples": [{"lang": "Shell", "source": "curl 'http://localhost:9780/readyz?verbose'"}]
      }
    },
    "/v1/certificates": {
      "get": {
        "operationId": "listCertificates",
        "summary": "All certificates, or those in one state",
        "parameters": [
          {
            "name": "state",
            "in": "query",
            "schema": {"$ref": "#/components/schemas/CertificateState"},
            "example": "valid"
          }
        ],
        "responses": {
          "200": {
            "description": "Sorted by name.",
            "content": {
              "application/json": {
                "schema": {
                  "type": "object",
                  "required": ["certificates"],
                  "properties": {
                    "certificates": {
                      "type": "array",
                      "items": {"$ref": "#/components/schemas/Certificate"}
                    }
                  },
                  "additionalProperties": false
                },
                "example": {
                  "certificates": [
                    {
                      "name": "www",
                      "profile": "web",
                      "state": "valid",
                      "reason": null,
                      "why": "valid until 2027-02-21",
                      "advice": null,
                      "dns_names": ["www.example.org"],
                      "key_type": "ec-p256",
                      "reuses_key": false,
                      "installed": {
                        "serial": "4f2a",
                        "not_before": "2026-11-23T09:00:00Z",
                        "not_after": "2027-02-21T09:00:00Z",
                        "dns_names": ["www.example.org"],
                        "issuer": "CN=Example CA",
                        "key_type": "ec-p256",
                        "fingerprint_sha256": "9f86d081884c7d659a2feaa0c55ad015",
                        "public_key_sha256": "60303ae22b998861bce3b28f33eec1be"
                      },
                      "renew_before": {
                        "configured_seconds": 2592000,
                        "effective_seconds": 2592000,
                        "clamped": false
                      },
                      "next_renewal_at": "2027-01-22T02:00:00Z",
                      "next_check_at": "2026-11-23T10:10:00Z",
                      "next_attempt_at": "2027-01-22T02:00:00Z",
                      "last_attempt_at": "2026-11-23T10:00:00Z",
                      "last_success_at": "2026-11-23T10:00:00Z",
                      "last_error": null,
                      "consecutive_failures": 0,
                      "orders_last_7_days": 1,
                      "order_budget": 5,
                      "next_order_at": null,
                      "current_renewal": null,
                      "reload": {
                        "configured": true,
                        "running": false,
                        "pending_since": null,
                        "grace_ends_at": null,
                        "failed_attempts": 0,
                        "next_attempt_at": null,
                        "last_error": null
                      },
                      "served_matches": null,
                      "served": null,
                      "renewals": {"succeeded": 1, "unchanged": 0, "failed": 0},
                      "reloads": {"succeeded": 1, "failed": 0},
                      "outputs": {
                        "key": "/etc/ssl/www.key",
                        "cert": "/etc/ssl/www.crt",
                        "chain": "/etc/ssl/www.chain",
                        "fullchain": "/etc/ssl/www.full",
                        "combined": null
                      }
                    }
                  ]
                }
              }
            }
          },
          "400": {"$ref": "#/components/responses/BadRequest"},
          "403": {"$ref": "#/components/responses/CrossSite"},
          "421": {"$ref": "#/components/responses/Misdirected"}
        },
        "x-codeSamples": [
          {"lang": "Shell", "source": "curl 'http://localhost:9780/v1/certificates?state=valid'"}
        ]
      }
    },
    "/v1/certificates/{name}": {
      "parameters": [{"$ref": "#/components/parameters/Name"}],
      "get": {
        "operationId": "getCertificate",
        "summary": "One certificate",
        "responses": {
          "200": {
            "description": "The certificate.",
            "content": {
              "application/json": {
                "schema": {"$ref": "#/components/schemas/Certificate"},
                "example": {
                  "name": "www",
                  "profile": "web",
                  "state": "valid",
                  "reason": null,
                  "why": "valid until 2027-02-21",
                  "advice": null,
                  "dns_names": ["www.example.org"],
                  "key_type": "ec-p256",
                  "reuses_key": false,
                  "installed": {
                    "serial": "4f2a",
                    "not_before": "2026-11-23T09:00:00Z",
                    "not_after": "2027-02-21T09:00:00Z",
                    "dns_names": ["www.example.org"],
                    "issuer": "CN=Example CA",
                    "key_type": "ec-p256",
                    "fingerprint_sha256": "9f86d081884c7d659a2feaa0c55ad015",
                    "public_key_sha256": "60303ae22b998861bce3b28f33eec1be"
                  },
                  "renew_before": {
                    "configured_seconds": 2592000,
                    "effective_seconds": 2592000,
                    "clamped": false
                  },
                  "next_renewal_at": "2027-01-22T02:00:00Z",
                  "next_check_at": "2026-11-23T10:10:00Z",
                  "next_attempt_at": "2027-01-22T02:00:00Z",
                  "last_attempt_at": "2026-11-23T10:00:00Z",
                  "last_success_at": "2026-11-23T10:00:00Z",
                  "last_error": null,
                  "consecutive_failures": 0,
                  "orders_last_7_days": 1,
                  "order_budget": 5,
                  "next_order_at": null,
                  "current_renewal": null,
                  "reload": {
                    "configured": true,
                    "running": false,
                    "pending_since": null,
                    "grace_ends_at": null,
                    "failed_attempts": 0,
                    "next_attempt_at": null,
                    "last_error": null
                  },
                  "served_matches": null,
                  "served": null,
                  "renewals": {"succeeded": 1, "unchanged": 0, "failed": 0},
                  "reloads": {"succeeded": 1, "failed": 0},
                  "outputs": {
                    "key": "/etc/ssl/www.key",
                    "cert": "/etc/ssl/www.crt",
                    "chain": "/etc/ssl/www.chain",
                    "fullchain": "/etc/ssl/www.full",
                    "combined": null
                  }
                }
              }
            }
          },
          "400": {"$ref": "#/components/responses/BadRequest"},
          "403": {"$ref": "#/components/responses/CrossSite"},
          "404": {"$ref": "#/components/responses/UnknownCertificate"},
          "421": {"$ref": "#/components/responses/Misdirected"}
        },
        "x-codeSamples": [
          {"lang": "Shell", "source": "curl http://localhost:9780/v1/certificates/www"}
        ]
      }
    },
    "/v1/certificates/{name}/history": {
      "parameters": [{"$ref": "#/components/parameters/Name"}],
      "get": {
        "operationId": "getHistory",
        "summary": "What happened to a certificate since the agent's start",
        "responses": {
          "200": {
            "description": "The newest 32, the newest first; the same thing again and again is one with a count.",
            "content": {
              "application/json": {
                "schema": {"$ref": "#/components/schemas/History"},
                "example": {
                  "certificate": "www",
                  "events": [
                    {
                      "at": "2026-11-23T10:00:02Z",
                      "event": "reloaded",
                      "count": 1,
                      "first_at": "2026-11-23T10:00:02Z",
                      "renewal": null,
                      "reason": null,
                      "serial": null,
                      "not_after": null,
                      "stage": null,
                      "class": null,
                      "detail": null
                    },
                    {
                      "at": "2026-11-23T10:00:01Z",
                      "event": "installed",
                      "count": 1,
                      "first_at": "2026-11-23T10:00:01Z",
                      "renewal": "5c1d-7",
                      "reason": "requested",
                      "serial": "4f2b",
                      "not_after": "2027-02-21T10:00:00Z",
                      "stage": null,
                      "class": null,
                      "detail": null
                    },
                    {
                      "at": "2026-11-23T10:00:00Z",
                      "event": "requested",
                      "count": 1,
                      "first_at": "2026-11-23T10:00:00Z",
                      "renewal": "5c1d-7",
                      "reason": null,
                      "serial": null,
                      "not_after": null,
                      "stage": null,
                      "class": null,
                      "detail": "key rotation"
                    }
                  ]
                }
              }
            }
          },
          "400": {"$ref": "#/components/responses/BadRequest"},
          "403": {"$ref": "#/components/responses/CrossSite"},
          "404": {"$ref": "#/components/responses/UnknownCertificate"},
          "421": {"$ref": "#/components/responses/Misdirected"}
        },
        "x-codeSamples": [
          {"lang": "Shell", "source": "curl http://localhost:9780/v1/certificates/www/history"}
        ]
      }
    },
    "/v1/certificates/{name}/reload": {
      "parameters": [{"$ref": "#/components/parameters/Name"}],
      "post": {
        "operationId": "reloadCertificate",
        "summary": "Run the reload command of a certificate now, owed or not",
        "security": [{"token": []}],
        "parameters": [{"$ref": "#/components/parameters/Prefer"}],
        "requestBody": {
          "required": false,
          "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Empty"}, "example": {}}
          }
        },
        "responses": {
          "200": {
            "description": "The outcome, good or bad, because the client preferred to wait for it.",
            "headers": {
              "Location": {
                "description": "Where to follow it.",
                "schema": {"type": "string"},
                "example": "/v1/renewals/5c1d-7"
              },
              "Preference-Applied": {
                "description": "The preference that was honoured.",
                "schema": {"type": "string"},
                "example": "wait=10"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "type": "object",
                  "required": ["renewal"],
                  "properties": {
                    "renewal": {
                      "unevaluatedProperties": false,
                      "allOf": [
                        {"$ref": "#/components/schemas/RenewalFacts"},
                        {
                          "type": "object",
                          "required": ["joined"],
                          "properties": {"joined": {"type": "boolean"}}
                        }
                      ]
                    }
                  },
                  "additionalProperties": false
                },
                "example": {
                  "renewal": {
                    "id": "5c1d-7",
                    "joined_ids": [],
                    "certificate": "www",
                    "kind": "reload",
                    "state": "succeeded",
                    "done": true,
                    "reason": null,
                    "request_reason": null,
                    "forced": true,
                    "requested_at": "2026-11-23T10:00:00Z",
                    "started_at": "2026-11-23T10:00:00Z",
                    "ended_at": "2026-11-23T10:00:02Z",
                    "steps": [
                      {
                        "stage": "reload",
                        "started_at": "2026-11-23T10:00:00Z",
                        "duration_seconds": 0.03
                      }
                    ],
                    "serial": null,
                    "failure": null,
                    "next_attempt_at": null,
                    "warnings": [],
                    "joined": false
                  }
                }
              }
            },
            "links": {
              "renewal": {
                "operationId": "getRenewal",
                "parameters": {"id": "$response.body#/renewal/id"}
              }
            }
          },
          "202": {
            "description": "The run is queued, or joined if one was waiting or running; after a wait, it isn't done yet.",
            "headers": {
              "Location": {
                "description": "Where to follow it.",
                "schema": {"type": "string"},
                "example": "/v1/renewals/5c1d-7"
              },
              "Preference-Applied": {
                "description": "The preference that was honoured.",
                "schema": {"type": "string"},
                "example": "wait=10"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "type": "object",
                  "required": ["renewal"],
                  "properties": {
                    "renewal": {
                      "unevaluatedProperties": false,
                      "allOf": [
                        {"$ref": "#/components/schemas/RenewalFacts"},
                        {
                          "type": "object",
                          "required": ["joined"],
                          "properties": {"joined": {"type": "boolean"}}
                        }
                      ]
                    }
                  },
                  "additionalProperties": false
                },
                "example": {
                  "renewal": {
                    "id": "5c1d-7",
                    "joined_ids": [],
                    "certificate": "www",
                    "kind": "reload",
                    "state": "queued",
                    "done": false,
                    "reason": null,
                    "request_reason": null,
                    "forced": true,
                    "requested_at": "2026-11-23T10:00:00Z",
                    "started_at": null,
                    "ended_at": null,
                    "steps": [],
                    "serial": null,
                    "failure": null,
                    "next_attempt_at": null,
                    "warnings": [],
                    "joined": false
                  }
                }
              }
            },
            "links": {
              "renewal": {
                "operationId": "getRenewal",
                "parameters": {"id": "$response.body#/renewal/id"}
              }
            }
          },
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/CrossSite"},
          "404": {"$ref": "#/components/responses/UnknownCertificate"},
          "409": {
            "description": "The configuration has no reload_command for it.",
            "content": {
              "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": {
                  "type": "urn:certplane:problem:no_reload_command",
                  "title": "The certificate has no reload command",
                  "status": 409,
                  "detail": "The configuration has no reload_command for it.",
                  "instance": "/v1/certificates/www/reload"
                }
              }
            }
          },
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        },
        "x-codeSamples": [
          {
            "lang": "Shell",
            "source": "curl -X POST \\\n  -H \"Authorization: Bearer $(sudo cat /var/lib/certplane/agent/api.token)\" \\\n  http://localhost:9780/v1/certificates/www/reload"
          }
        ]
      }
    },
    "/v1/certificates/{name}/renew": {
      "parameters": [{"$ref": "#/components/parameters/Name"}],
      "post": {
        "operationId": "renewCertificate",
        "summary": "Renew a certificate now",
        "security": [{"token": []}],
        "requestBody": {
          "required": false,
          "content": {
            "application/json": {
              "schema": {"$ref": "#/components/schemas/RenewRequest"},
              "example": {"reason": "key rotation", "rotate_key": true}
            }
          }
        },
        "responses": {
          "200": {
            "description": "The outcome, good or bad, because the client preferred to wait for it.",
            "headers": {
              "Location": {
                "description": "Where to follow it.",
                "schema": {"type": "string"},
                "example": "/v1/renewals/5c1d-7"
              },
              "Preference-Applied": {
                "description": "The preference that was honoured.",
                "schema": {"type": "string"},
                "example": "wait=10"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "type": "object",
                  "required": ["renewal"],
                  "properties": {
                    "renewal": {
                      "unevaluatedProperties": false,
                      "allOf": [
                        {"$ref": "#/components/schemas/RenewalFacts"},
                        {
                          "type": "object",
                          "required": ["joined"],
                          "properties": {"joined": {"type": "boolean"}}
                        }
                      ]
                    }
                  },
                  "additionalProperties": false
                },
                "example": {
                  "renewal": {
                    "id": "5c1d-7",
                    "joined_ids": [],
                    "certificate": "www",
                    "kind": "renewal",
                    "state": "succeeded",
                    "done": true,
                    "reason": "requested",
                    "request_reason": "key rotation",
                    "forced": true,
                    "requested_at": "2026-11-23T10:00:00Z",
                    "started_at": "2026-11-23T10:00:00Z",
                    "ended_at": "2026-11-23T10:00:02Z",
                    "steps": [
                      {"stage": "key", "started_at": "2026-11-23T10:00:00Z", "duration_seconds": 0.001},
                      {"stage": "csr", "started_at": "2026-11-23T10:00:00Z", "duration_seconds": 0.001},
                      {"stage": "order", "started_at": "2026-11-23T10:00:00Z", "duration_seconds": 1.2},
                      {
                        "stage": "checks",
                        "started_at": "2026-11-23T10:00:01Z",
                        "duration_seconds": 0.001
                      },
                      {
                        "stage": "install",
                        "started_at": "2026-11-23T10:00:01Z",
                        "duration_seconds": 0.012
                      },
                      {
                        "stage": "reload",
                        "started_at": "2026-11-23T10:00:01Z",
                        "duration_seconds": 0.03
                      }
                    ],
                    "serial": "4f2b",
                    "failure": null,
                    "next_attempt_at": null,
                    "warnings": [],
                    "joined": false
                  }
                }
              }
            },
            "links": {
              "renewal": {
                "operationId": "getRenewal",
                "parameters": {"id": "$response.body#/renewal/id"}
              }
            }
          },
          "202": {
            "description": "A renewal is queued, or joined if one was waiting or running; after a wait, it isn't done yet.",
            "headers": {
              "Location": {
                "description": "Where to follow it.",
                "schema": {"type": "string"},
                "example": "/v1/renewals/5c1d-7"
              },
              "Preference-Applied": {
                "description": "The preference that was honoured.",
                "schema": {"type": "string"},
                "example": "wait=10"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "type": "object",
                  "required": ["renewal"],
                  "properties": {
                    "renewal": {
                      "unevaluatedProperties": false,
                      "allOf": [
                        {"$ref": "#/components/schemas/RenewalFacts"},
                        {
                          "type": "object",
                          "required": ["joined"],
                          "properties": {"joined": {"type": "boolean"}}
                        }
                      ]
                    }
                  },
                  "additionalProperties": false
                },
                "example": {
                  "renewal": {
                    "id": "5c1d-7",
                    "joined_ids": [],
                    "certificate": "www",
                    "kind": "renewal",
                    "state": "queued",
                    "done": false,
                    "reason": null,
                    "request_reason": "key rotation",
                    "forced": true,
                    "requested_at": "2026-11-23T10:00:00Z",
                    "started_at": null,
                    "ended_at": null,
                    "steps": [],
                    "serial": null,
                    "failure": null,
                    "next_attempt_at": null,
                    "warnings": [],
                    "joined": false
                  }
                }
              }
            },
            "links": {
              "renewal": {
                "operationId": "getRenewal",
                "parameters": {"id": "$response.body#/renewal/id"}
              }
            }
          },
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/CrossSite"},
          "404": {"$ref": "#/components/responses/UnknownCertificate"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/OverBudget"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        },
        "parameters": [{"$ref": "#/components/parameters/Prefer"}],
        "x-codeSamples": [
          {
            "lang": "Shell",
            "source": "curl -X POST \\\n  -H \"Authorization: Bearer $(sudo cat /var/lib/certplane/agent/api.token)\" \\\n  -H 'Prefer: wait=60' http://localhost:9780/v1/certificates/www/renew"
          }
        ]
      }
    },
    "/v1/reload": {
      "post": {
        "operationId": "reloadConfiguration",
        "summary": "Read the configuration again",
        "description": "The answer waits for the outcome: 30 seconds, or as long as the client prefers.",
        "security": [{"token": []}],
        "parameters": [{"$ref": "#/components/parameters/Prefer"}],
        "requestBody": {
          "required": false,
          "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Empty"}, "example": {}}
          }
        },
        "responses": {
          "200": {
            "description": "It is in force. How it differs from the one before.",
            "headers": {
              "Preference-Applied": {
                "description": "The preference that was honoured.",
                "schema": {"type": "string"},
                "example": "wait=10"
              }
            },
            "content": {
              "application/json": {
                "schema": {"$ref": "#/components/schemas/ConfigurationReload"},
                "example": {
                  "id": "5c1d-9",
                  "ended_at": "2026-11-23T10:00:00Z",
                  "changed_anything": true,
                  "certificates": {"added": ["mail"], "changed": [], "removed": []},
                  "settings": ["logging.level"],
                  "restart_required": []
                }
              }
            }
          },
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/CrossSite"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "422": {
            "description": "It has problems; the one before stays in force.",
            "content": {
              "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": {
                  "type": "urn:certplane:problem:invalid_configuration",
                  "title": "The configuration has problems",
                  "status": 422,
                  "detail": "The configuration before it stays in force, whole.",
                  "instance": "/v1/reload",
                  "errors": [
                    "line 12, column 5: certificates[0].profil: unknown key (Did you mean profile?)"
                  ],
                  "problems": [
                    {
                      "line": 12,
                      "column": 5,
                      "key": "certificates[0].profil",
                      "message": "unknown key",
                      "hint": "Did you mean profile?"
                    }
                  ]
                }
              }
            }
          },
          "503": {"$ref": "#/components/responses/Unavailable"}
        },
        "x-codeSamples": [
          {
            "lang": "Shell",
            "source": "curl -X POST \\\n  -H \"Authorization: Bearer $(sudo cat /var/lib/certplane/agent/api.token)\" \\\n  http://localhost:9780/v1/reload"
          }
        ]
      }
    },
    "/v1/renew": {
      "post": {
        "operationId": "renewSeveral",
        "summary": "Renew several certificates now",
        "security": [{"token": []}],
        "parameters": [{"$ref": "#/components/parameters/Prefer"}],
        "requestBody": {
          "required": true,
          "content": {
            "application/json": {
              "schema": {"$ref": "#/components/schemas/BatchRequest"},
              "examples": {
                "named": {"value": {"certificates": ["www"], "reason": "key rotation"}},
                "all": {"value": {"all": true}},
                "due": {"value": {"due": true}}
              }
            }
          }
        },
        "responses": {
          "200": {
            "description": "The outcome, good or bad, because the client preferred to wait for it, or because there is nothing to renew.",
            "headers": {
              "Location": {
                "description": "Where to follow it.",
                "schema": {"type": "string"},
                "example": "/v1/renewals/batch-5c1d-1"
              },
              "Preference-Applied": {
                "description": "The preference that was honoured.",
                "schema": {"type": "string"},
                "example": "wait=10"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "type": "object",
                  "required": ["batch"],
                  "properties": {"batch": {"$ref": "#/components/schemas/Batch"}},
                  "additionalProperties": false
                },
                "example": {
                  "batch": {
                    "id": "batch-5c1d-1",
                    "kind": "batch",
                    "state": "succeeded",
                    "done": true,
                    "request_reason": "key rotation",
                    "requested_at": "2026-11-23T10:00:00Z",
                    "ended_at": "2026-11-23T10:00:02Z",
                    "counts": {
                      "queued": 0,
                      "running": 0,
                      "reloading": 0,
                      "succeeded": 1,
                      "unchanged": 0,
                      "failed": 0,
                      "reload_failed": 0,
                      "abandoned": 0
                    },
                    "renewals": [
                      {
                        "id": "5c1d-7",
                        "joined_ids": [],
                        "certificate": "www",
                        "kind": "renewal",
                        "state": "succeeded",
                        "done": true,
                        "reason": "requested",
                        "request_reason": "key rotation",
                        "forced": true,
                        "requested_at": "2026-11-23T10:00:00Z",
                        "started_at": "2026-11-23T10:00:00Z",
                        "ended_at": "2026-11-23T10:00:02Z",
                        "steps": [
                          {
                            "stage": "key",
                            "started_at": "2026-11-23T10:00:00Z",
                            "duration_seconds": 0.001
                          },
                          {
                            "stage": "csr",
                            "started_at": "2026-11-23T10:00:00Z",
                            "duration_seconds": 0.001
                          },
                          {
                            "stage": "order",
                            "started_at": "2026-11-23T10:00:00Z",
                            "duration_seconds": 1.2
                          },
                          {
                            "stage": "checks",
                            "started_at": "2026-11-23T10:00:01Z",
                            "duration_seconds": 0.001
                          },
                          {
                            "stage": "install",
                            "started_at": "2026-11-23T10:00:01Z",
                            "duration_seconds": 0.012
                          },
                          {
                            "stage": "reload",
                            "started_at": "2026-11-23T10:00:01Z",
                            "duration_seconds": 0.03
                          }
                        ],
                        "serial": "4f2b",
                        "failure": null,
                        "next_attempt_at": null,
                        "warnings": []
                      }
                    ],
                    "refused": []
                  }
                }
              }
            },
            "links": {
              "renewal": {
                "operationId": "getRenewal",
                "parameters": {"id": "$response.body#/batch/id"}
              }
            }
          },
          "202": {
            "description": "The renewals are queued, or joined where one was waiting or running; after a wait, not all are done yet.",
            "headers": {
              "Location": {
                "description": "Where to follow it.",
                "schema": {"type": "string"},
                "example": "/v1/renewals/batch-5c1d-1"
              },
              "Preference-Applied": {
                "description": "The preference that was honoured.",
                "schema": {"type": "string"},
                "example": "wait=10"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "type": "object",
                  "required": ["batch"],
                  "properties": {"batch": {"$ref": "#/components/schemas/Batch"}},
                  "additionalProperties": false
                },
                "example": {
                  "batch": {
                    "id": "batch-5c1d-1",
                    "kind": "batch",
                    "state": "running",
                    "done": false,
                    "request_reason": "key rotation",
                    "requested_at": "2026-11-23T10:00:00Z",
                    "ended_at": null,
                    "counts": {
                      "queued": 1,
                      "running": 0,
                      "reloading": 0,
                      "succeeded": 0,
                      "unchanged": 0,
                      "failed": 0,
                      "reload_failed": 0,
                      "abandoned": 0
                    },
                    "renewals": [
                      {
                        "id": "5c1d-7",
                        "joined_ids": [],
                        "certificate": "www",
                        "kind": "renewal",
                        "state": "queued",
                        "done": false,
                        "reason": null,
                        "request_reason": "key rotation",
                        "forced": true,
                        "requested_at": "2026-11-23T10:00:00Z",
                        "started_at": null,
                        "ended_at": null,
                        "steps": [],
                        "serial": null,
                        "failure": null,
                        "next_attempt_at": null,
                        "warnings": []
                      }
                    ],
                    "refused": []
                  }
                }
              }
            },
            "links": {
              "renewal": {
                "operationId": "getRenewal",
                "parameters": {"id": "$response.body#/batch/id"}
              }
            }
          },
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/CrossSite"},
          "404": {
            "description": "A name is not known; nothing was begun.",
            "content": {
              "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": {
                  "type": "urn:certplane:problem:unknown_certificate",
                  "title": "There is no certificate of this name",
                  "status": 404,
                  "detail": "Nothing was begun. GET /v1/certificates lists all names.",
                  "instance": "/v1/renew",
                  "errors": ["wwww is not known"]
                }
              }
            }
          },
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {
            "description": "The order budget of each of them is spent.",
            "headers": {
              "Retry-After": {
                "description": "Seconds to wait.",
                "schema": {"type": "integer", "minimum": 0}
              }
            },
            "content": {
              "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": {
                  "type": "urn:certplane:problem:over_budget",
                  "title": "The order budget of the certificate is spent",
                  "status": 429,
                  "detail": "Ask again later, or with over_budget if it has to be now.",
                  "instance": "/v1/renew",
                  "errors": ["www has spent its order budget"]
                }
              }
            }
          },
          "503": {"$ref": "#/components/responses/Unavailable"}
        },
        "x-codeSamples": [
          {
            "lang": "Shell",
            "source": "curl \\\n  -H \"Authorization: Bearer $(sudo cat /var/lib/certplane/agent/api.token)\" \\\n  -H 'Content-Type: application/json' -d '{\"all\": true}' http://localhost:9780/v1/renew"
          }
        ]
      }
    },
    "/v1/renewals/{id}": {
      "parameters": [
        {
          "name": "id",
          "in": "path",
          "required": true,
          "schema": {"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$"},
          "example": "5c1d-7"
        }
      ],
      "get": {
        "operationId": "getRenewal",
        "summary": "How far a renewal, a reload or a batch is, or how it ended",
        "responses": {
          "200": {
            "description": "One of the newest, a batch among them.",
            "content": {
              "application/json": {
                "schema": {
                  "oneOf": [
                    {"$ref": "#/components/schemas/Renewal"},
                    {"$ref": "#/components/schemas/Batch"}
                  ]
                },
                "examples": {
                  "renewal": {
                    "value": {
                      "id": "5c1d-7",
                      "joined_ids": [],
                      "certificate": "www",
                      "kind": "renewal",
                      "state": "queued",
                      "done": false,
                      "reason": null,
                      "request_reason": "key rotation",
                      "forced": true,
                      "requested_at": "2026-11-23T10:00:00Z",
                      "started_at": null,
                      "ended_at": null,
                      "steps": [],
                      "serial": null,
                      "failure": null,
                      "next_attempt_at": null,
                      "warnings": []
                    }
                  },
                  "batch": {
                    "value": {
                      "id": "batch-5c1d-1",
                      "kind": "batch",
                      "state": "running",
                      "done": false,
                      "request_reason": "key rotation",
                      "requested_at": "2026-11-23T10:00:00Z",
                      "ended_at": null,
                      "counts": {
                        "queued": 1,
                        "running": 0,
                        "reloading": 0,
                        "succeeded": 0,
                        "unchanged": 0,
                        "failed": 0,
                        "reload_failed": 0,
                        "abandoned": 0
                      },
                      "renewals": [
                        {
                          "id": "5c1d-7",
                          "joined_ids": [],
                          "certificate": "www",
                          "kind": "renewal",
                          "state": "queued",
                          "done": false,
                          "reason": null,
                          "request_reason": "key rotation",
                          "forced": true,
                          "requested_at": "2026-11-23T10:00:00Z",
                          "started_at": null,
                          "ended_at": null,
                          "steps": [],
                          "serial": null,
                          "failure": null,
                          "next_attempt_at": null,
                          "warnings": []
                        }
                      ],
                      "refused": []
                    }
                  }
                }
              }
            }
          },
          "400": {"$ref": "#/components/responses/BadRequest"},
          "403": {"$ref": "#/components/responses/CrossSite"},
          "404": {
            "description": "Not known, or not known any more.",
            "content": {
              "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": {
                  "type": "urn:certplane:problem:unknown_renewal",
                  "title": "There is no renewal of this id",
                  "status": 404,
                  "detail": "It never was, or it is too long ago.",
                  "instance": "/v1/renewals/5c1d-7"
                }
              }
            }
          },
          "421": {"$ref": "#/components/responses/Misdirected"}
        },
        "x-codeSamples": [
          {
            "lang": "Shell",
            "source": "location=$(curl -sSi -X POST \\\n  -H \"Authorization: Bearer $(sudo cat /var/lib/certplane/agent/api.token)\" \\\n  http://localhost:9780/v1/certificates/www/renew | tr -d '\\r' | sed -n 's/^Location: //p')\ncurl \"http://localhost:9780$location\""
          }
        ]
      }
    },
    "/v1/status": {
      "get": {
        "operationId": "getStatus",
        "summary": "Everything, taken at one moment",
        "responses": {
          "200": {
            "description": "The status.",
            "content": {
              "application/json": {
                "schema": {"$ref": "#/components/schemas/Status"},
                "example": {
                  "taken_at": "2026-11-23T10:00:00Z",
                  "agent": {
                    "version": "0.1.0",
                    "pid": 812,
                    "started_at": "2026-11-23T09:00:00Z",
                    "config": {
                      "path": "/etc/certplane/agent.yml",
                      "sha256": "b94d27b9934d3e08a52e52d7da7dabfa",
                      "loaded_at": "2026-11-23T09:00:00Z",
                      "last_reload_succeeded": true,
                      "last_reload_at": null
                    },
                    "last_tick_at": "2026-11-23T10:00:00Z",
                    "clock_skew_seconds": 0.2,
                    "stopping": false
                  },
                  "clock": {
                    "state": "ok",
                    "skew_seconds": 0.2,
                    "advice": null,
                    "next_question_at": null
                  },
                  "identity": {
                    "name": "web-1",
                    "state": "valid",
                    "problem": null,
                    "advice": null,
                    "certificate": {
                      "subject": "web-1",
                      "serial": "1c",
                      "issuer": "CN=Machines",
                      "not_before": "2026-11-23T09:00:00Z",
                      "not_after": "2026-11-24T09:00:00Z"
                    },
                    "renew_before_effective_seconds": 28800,
                    "next_renewal_at": "2026-11-24T01:00:00Z",
                    "next_attempt_at": "2026-11-24T01:00:00Z",
                    "renewing": false,
                    "consecutive_failures": 0,
                    "last_error": null,
                    "last_success_at": null
                  },
                  "broker": {
                    "state": "reachable",
                    "endpoint": "https://broker.example.com:8443",
                    "last_contact_at": "2026-11-23T10:00:00Z",
                    "last_success_at": "2026-11-23T10:00:00Z",
                    "last_error": null,
                    "next_probe_at": null,
                    "endpoints": [
                      {
                        "url": "https://broker.example.net:8443",
                        "state": "reachable",
                        "last_contact_at": "2026-11-23T10:00:00Z",
                        "last_success_at": "2026-11-23T10:00:00Z",
                        "last_error": null,
                        "next_probe_at": null
                      }
                    ]
                  },
                  "counts": {
                    "unknown": 0,
                    "renewing": 0,
                    "expired": 0,
                    "missing": 0,
                    "failing": 0,
                    "waiting": 0,
                    "expiring": 0,
                    "reload_pending": 0,
                    "valid": 1
                  },
                  "certificates": [
                    {
                      "name": "www",
                      "profile": "web",
                      "state": "valid",
                      "reason": null,
                      "why": "valid until 2027-02-21",
                      "advice": null,
                      "dns_names": ["www.example.org"],
                      "key_type": "ec-p256",
                      "reuses_key": false,
                      "installed": {
                        "serial": "4f2a",
                        "not_before": "2026-11-23T09:00:00Z",
                        "not_after": "2027-02-21T09:00:00Z",
                        "dns_names": ["www.example.org"],
                        "issuer": "CN=Example CA",
                        "key_type": "ec-p256",
                        "fingerprint_sha256": "9f86d081884c7d659a2feaa0c55ad015",
                        "public_key_sha256": "60303ae22b998861bce3b28f33eec1be"
                      },
                      "renew_before": {
                        "configured_seconds": 2592000,
                        "effective_seconds": 2592000,
                        "clamped": false
                      },
                      "next_renewal_at": "2027-01-22T02:00:00Z",
                      "next_check_at": "2026-11-23T10:10:00Z",
                      "next_attempt_at": "2027-01-22T02:00:00Z",
                      "last_attempt_at": "2026-11-23T10:00:00Z",
                      "last_success_at": "2026-11-23T10:00:00Z",
                      "last_error": null,
                      "consecutive_failures": 0,
                      "orders_last_7_days": 1,
                      "order_budget": 5,
                      "next_order_at": null,
                      "current_renewal": null,
                      "reload": {
                        "configured": true,
                        "running": false,
                        "pending_since": null,
                        "grace_ends_at": null,
                        "failed_attempts": 0,
                        "next_attempt_at": null,
                        "last_error": null
                      },
                      "served_matches": null,
                      "served": null,
                      "renewals": {"succeeded": 1, "unchanged": 0, "failed": 0},
                      "reloads": {"succeeded": 1, "failed": 0},
                      "outputs": {
                        "key": "/etc/ssl/www.key",
                        "cert": "/etc/ssl/www.crt",
                        "chain": "/etc/ssl/www.chain",
                        "fullchain": "/etc/ssl/www.full",
                        "combined": null
                      }
                    }
                  ]
                }
              }
            }
          },
          "400": {"$ref": "#/components/responses/BadRequest"},
          "403": {"$ref": "#/components/responses/CrossSite"},
          "421": {"$ref": "#/components/responses/Misdirected"}
        },
        "x-codeSamples": [{"lang": "Shell", "source": "curl http://localhost:9780/v1/status"}]
      }
    }
  },
  "components": {
    "securitySchemes": {
      "token": {"type": "http", "scheme": "bearer", "description": "The content of api.token_file."}
    },
    "parameters": {
      "Name": {
        "name": "name",
        "in": "path",
        "required": true,
        "description": "As in the configuration, percent-encoded.",
        "schema": {
          "type": "string",
          "minLength": 1,
          "maxLength": 255,
          "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
        },
        "example": "www"
      },
      "Prefer": {
        "name": "Prefer",
        "in": "header",
        "description": "RFC 7240. `wait=N`: hold the answer until the outcome is there, N seconds (300) at most.",
        "schema": {"type": "string"},
        "example": "wait=10"
      }
    },
    "responses": {
      "BadRequest": {
        "description": "The path, query or body is not understood.",
        "content": {
          "application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "example": {
              "type": "urn:certplane:problem:bad_query",
              "title": "The query is not understood",
              "status": 400,
              "detail": "Known here: none.",
              "instance": "/healthz",
              "errors": ["colour is not known"]
            }
          }
        }
      },
      "Unauthorized": {
        "description": "The token is missing or wrong.",
        "headers": {
          "WWW-Authenticate": {
            "schema": {"type": "string"},
            "example": "Bearer realm=\"certplane-agent\""
          }
        },
        "content": {
          "application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "example": {
              "type": "urn:certplane:problem:token_required",
              "title": "Changes need the agent's token",
              "status": 401,
              "detail": "Send the content of the agent's token file as Authorization: Bearer.",
              "instance": "/v1/certificates/www/renew"
            }
          }
        }
      },
      "CrossSite": {
        "description": "A page of another site asks.",
        "content": {
          "application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "example": {
              "type": "urn:certplane:problem:cross_site",
              "title": "The request comes from another site",
              "status": 403,
              "detail": "Origin names another site.",
              "instance": "/healthz"
            }
          }
        }
      },
      "UnknownCertificate": {
        "description": "No certificate has this name.",
        "content": {
          "application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "example": {
              "type": "urn:certplane:problem:unknown_certificate",
              "title": "There is no certificate of this name",
              "status": 404,
              "detail": "GET /v1/certificates lists all names.",
              "instance": "/v1/certificates/wwww"
            }
          }
        }
      },
      "Misdirected": {
        "description": "Host is not ours.",
        "content": {
          "application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "example": {
              "type": "urn:certplane:problem:misdirected_host",
              "title": "The Host is not this agent's loopback address",
              "status": 421,
              "detail": "Ask for localhost, [::1] or a 127.0.0.0/8 address with this port.",
              "instance": "/healthz"
            }
          }
        }
      },
      "UnsupportedMediaType": {
        "description": "A body that is not JSON.",
        "content": {
          "application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "example": {
              "type": "urn:certplane:problem:unsupported_media_type",
              "title": "The body must be JSON",
              "status": 415,
              "detail": "Content-Type must be application/json.",
              "instance": "/v1/certificates/www/renew"
            }
          }
        }
      },
      "OverBudget": {
        "description": "The order budget is spent.",
        "headers": {
          "Retry-After": {
            "description": "Seconds to wait.",
            "schema": {"type": "integer", "minimum": 0}
          }
        },
        "content": {
          "application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "example": {
              "type": "urn:certplane:problem:over_budget",
              "title": "The order budget of the certificate is spent",
              "status": 429,
              "detail": "Ask again later, or with over_budget if it has to be now.",
              "instance": "/v1/certificates/www/renew"
            }
          }
        }
      },
      "Unavailable": {
        "description": "The agent is stopping, has no room for one more answer that waits, or its token file can't be used.",
        "headers": {
          "Retry-After": {
            "description": "Seconds to wait.",
            "schema": {"type": "integer", "minimum": 0}
          }
        },
        "content": {
          "application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "example": {
              "type": "urn:certplane:problem:stopping",
              "title": "The agent is stopping",
              "status": 503,
              "detail": "No new work is taken. Ask again when it runs.",
              "instance": "/v1/certificates/www/renew"
            }
          }
        }
      },
      "Overloaded": {
        "description": "The server has no room.",
        "content": {
          "application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "example": {
              "type": "urn:certplane:problem:overloaded",
              "title": "The agent has no room for the request",
              "status": 503,
              "detail": "There are too many connections",
              "instance": "/v1/status"
            }
          }
        }
      },
      "TooLarge": {
        "description": "The body is longer than 64 KiB.",
        "content": {
          "application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "example": {
              "type": "urn:certplane:problem:content_too_large",
              "title": "The body is too large",
              "status": 413,
              "detail": "The body is too large",
              "instance": "/v1/renew"
            }
          }
        }
      }
    },
    "schemas": {
      "Time": {"type": "string", "format": "date-time", "description": "RFC 3339, UTC."},
      "Served": {
        "type": "object",
        "required": ["state", "serial", "problem", "since", "observed_at", "next_look_at"],
        "properties": {
          "state": {
            "enum": ["unknown", "matches", "differs", "unreachable"],
            "description": "Whether the certificate on disk is what is served."
          },
          "serial": {"type": ["string", "null"], "description": "Of the other certificate that is served."},
          "problem": {"type": ["string", "null"], "description": "Why nobody could be asked."},
          "since": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "observed_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "next_look_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]}
        },
        "additionalProperties": false
      },
      "Stage": {"enum": ["key", "csr", "order", "checks", "install", "reload", "verify"]},
      "CertificateState": {
        "enum": [
          "unknown",
          "renewing",
          "expired",
          "missing",
          "failing",
          "waiting",
          "expiring",
          "reload_pending",
          "valid"
        ]
      },
      "Problem": {
        "type": "object",
        "description": "RFC 9457.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
          "type": {"type": "string", "format": "uri", "description": "Stable."},
          "title": {"type": "string"},
          "status": {"type": "integer"},
          "detail": {"type": "string"},
          "instance": {"type": "string", "description": "The path that was asked for."},
          "errors": {"type": "array", "items": {"type": "string"}},
          "problems": {
            "type": "array",
            "description": "Where a configuration is wrong.",
            "items": {"$ref": "#/components/schemas/ConfigurationFault"}
          }
        }
      },
      "Failure": {
        "type": "object",
        "required": [
          "stage",
          "class",
          "detail",
          "advice",
          "transient",
          "possible_order",
          "retry_after_seconds"
        ],
        "properties": {
          "stage": {
            "enum": ["key", "csr", "order", "checks", "install", "reload", "verify"],
            "description": "The step that failed."
          },
          "class": {"type": "string", "description": "The kind of failure; each has one advice."},
          "detail": {"type": "string", "description": "What happened, without secrets."},
          "advice": {"type": "string", "description": "What a person should do."},
          "transient": {"type": "boolean", "description": "Trying again may help by itself."},
          "possible_order": {"type": "boolean", "description": "The broker may have placed an order."},
          "retry_after_seconds": {"type": ["number", "null"]}
        },
        "additionalProperties": false
      },
      "RecordedError": {
        "type": "object",
        "required": [
          "at",
          "stage",
          "class",
          "detail",
          "advice",
          "transient",
          "possible_order",
          "retry_after_seconds"
        ],
        "properties": {
          "at": {"$ref": "#/components/schemas/Time"},
          "stage": {
            "enum": ["key", "csr", "order", "checks", "install", "reload", "verify"],
            "description": "The step that failed."
          },
          "class": {"type": "string", "description": "The kind of failure; each has one advice."},
          "detail": {"type": "string", "description": "What happened, without secrets."},
          "advice": {"type": "string", "description": "What a person should do."},
          "transient": {"type": "boolean", "description": "Trying again may help by itself."},
          "possible_order": {"type": "boolean", "description": "The broker may have placed an order."},
          "retry_after_seconds": {"type": ["number", "null"]}
        },
        "additionalProperties": false
      },
      "Readiness": {
        "type": "object",
        "required": ["status", "checks"],
        "properties": {
          "status": {"enum": ["ready", "degraded", "not_ready"]},
          "checks": {
            "type": "array",
            "items": {
              "type": "object",
              "required": ["name", "certificate", "state", "since", "detail"],
              "properties": {
                "name": {"enum": ["configuration", "state", "identity", "clock", "certificate", "reload", "served"]},
                "certificate": {"type": ["string", "null"]},
                "state": {"enum": ["ok", "degraded", "failed"]},
                "since": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
                "detail": {"type": ["string", "null"]}
              },
              "additionalProperties": false
            }
          }
        },
        "additionalProperties": false
      },
      "RenewRequest": {
        "type": "object",
        "required": [],
        "properties": {
          "reason": {
            "type": "string",
            "maxLength": 200,
            "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
          },
          "reload": {
            "type": "boolean",
            "default": true,
            "description": "Run the reload command after the install."
          },
          "rotate_key": {
            "type": "boolean",
            "default": false,
            "description": "Change the key even if it is kept otherwise."
          },
          "over_budget": {
            "type": "boolean",
            "default": false,
            "description": "Go on although the order budget is spent."
          }
        },
        "additionalProperties": false
      },
      "RenewalFacts": {
        "type": "object",
        "required": [
          "id",
          "joined_ids",
          "certificate",
          "kind",
          "state",
          "done",
          "reason",
          "request_reason",
          "forced",
          "requested_at",
          "started_at",
          "ended_at",
          "steps",
          "serial",
          "failure",
          "next_attempt_at",
          "warnings"
        ],
        "properties": {
          "id": {"type": "string"},
          "joined_ids": {"type": "array", "items": {"type": "string"}},
          "certificate": {"type": "string"},
          "kind": {"enum": ["renewal", "reload"]},
          "state": {
            "enum": [
              "queued",
              "running",
              "reloading",
              "succeeded",
              "unchanged",
              "failed",
              "reload_failed",
              "abandoned"
            ]
          },
          "done": {"type": "boolean"},
          "reason": {
            "enum": [
              "missing",
              "unreadable",
              "key_missing",
              "key_mismatch",
              "names_changed",
              "key_type_changed",
              "incomplete",
              "requested",
              "expiring",
              null
            ]
          },
          "request_reason": {"type": ["string", "null"]},
          "forced": {"type": "boolean"},
          "requested_at": {"$ref": "#/components/schemas/Time"},
          "started_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "ended_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "steps": {
            "type": "array",
            "items": {
              "type": "object",
              "required": ["stage", "started_at", "duration_seconds"],
              "properties": {
                "stage": {"$ref": "#/components/schemas/Stage"},
                "started_at": {"$ref": "#/components/schemas/Time"},
                "duration_seconds": {"type": ["number", "null"]}
              },
              "additionalProperties": false
            }
          },
          "serial": {"type": ["string", "null"]},
          "failure": {"oneOf": [{"$ref": "#/components/schemas/Failure"}, {"type": "null"}]},
          "next_attempt_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "warnings": {"type": "array", "items": {"type": "string"}}
        }
      },
      "Renewal": {
        "allOf": [{"$ref": "#/components/schemas/RenewalFacts"}],
        "unevaluatedProperties": false
      },
      "Reload": {
        "type": "object",
        "required": [
          "configured",
          "running",
          "pending_since",
          "grace_ends_at",
          "failed_attempts",
          "next_attempt_at",
          "last_error"
        ],
        "properties": {
          "configured": {"type": "boolean"},
          "running": {"type": "boolean"},
          "pending_since": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "grace_ends_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "failed_attempts": {"type": "integer", "minimum": 0},
          "next_attempt_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "last_error": {"oneOf": [{"$ref": "#/components/schemas/RecordedError"}, {"type": "null"}]}
        },
        "additionalProperties": false
      },
      "Installed": {
        "type": "object",
        "required": [
          "serial",
          "not_before",
          "not_after",
          "dns_names",
          "issuer",
          "key_type",
          "fingerprint_sha256",
          "public_key_sha256"
        ],
        "properties": {
          "serial": {"type": "string"},
          "not_before": {"$ref": "#/components/schemas/Time"},
          "not_after": {"$ref": "#/components/schemas/Time"},
          "dns_names": {"type": "array", "items": {"type": "string"}},
          "issuer": {"type": "string"},
          "key_type": {"enum": ["ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096", null]},
          "fingerprint_sha256": {"type": "string"},
          "public_key_sha256": {"type": "string"}
        },
        "additionalProperties": false
      },
      "Certificate": {
        "type": "object",
        "required": [
          "name",
          "profile",
          "state",
          "reason",
          "why",
          "advice",
          "dns_names",
          "key_type",
          "reuses_key",
          "installed",
          "renew_before",
          "next_renewal_at",
          "next_check_at",
          "next_attempt_at",
          "last_attempt_at",
          "last_success_at",
          "last_error",
          "consecutive_failures",
          "orders_last_7_days",
          "order_budget",
          "next_order_at",
          "current_renewal",
          "reload",
          "served_matches",
          "served",
          "renewals",
          "reloads",
          "outputs"
        ],
        "properties": {
          "name": {"type": "string"},
          "profile": {"type": "string"},
          "state": {"$ref": "#/components/schemas/CertificateState"},
          "reason": {
            "enum": [
              "missing",
              "unreadable",
              "key_missing",
              "key_mismatch",
              "names_changed",
              "key_type_changed",
              "incomplete",
              "requested",
              "expiring",
              null
            ]
          },
          "why": {"type": "string"},
          "advice": {"type": ["string", "null"]},
          "dns_names": {"type": "array", "items": {"type": "string"}},
          "key_type": {"enum": ["ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096"]},
          "reuses_key": {"type": "boolean"},
          "installed": {"oneOf": [{"$ref": "#/components/schemas/Installed"}, {"type": "null"}]},
          "renew_before": {
            "type": "object",
            "required": ["configured_seconds", "effective_seconds", "clamped"],
            "properties": {
              "configured_seconds": {"type": "number"},
              "effective_seconds": {"type": ["number", "null"]},
              "clamped": {"type": ["boolean", "null"]}
            },
            "additionalProperties": false
          },
          "next_renewal_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "next_check_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "next_attempt_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "last_attempt_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "last_success_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "last_error": {"oneOf": [{"$ref": "#/components/schemas/RecordedError"}, {"type": "null"}]},
          "consecutive_failures": {"type": "integer", "minimum": 0},
          "orders_last_7_days": {"type": "integer", "minimum": 0},
          "order_budget": {"type": "integer", "minimum": 0},
          "next_order_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "current_renewal": {
            "oneOf": [
              {
                "type": "object",
                "required": ["id", "stage"],
                "properties": {
                  "id": {"type": "string"},
                  "stage": {
                    "enum": ["key", "csr", "order", "checks", "install", "reload", "verify", null]
                  }
                },
                "additionalProperties": false
              },
              {"type": "null"}
            ]
          },
          "reload": {"$ref": "#/components/schemas/Reload"},
          "served_matches": {"type": ["boolean", "null"]},
          "served": {
            "description": "What a connection to verify.address has shown; null where it is not configured.",
            "oneOf": [{"$ref": "#/components/schemas/Served"}, {"type": "null"}]
          },
          "renewals": {
            "type": "object",
            "required": ["succeeded", "unchanged", "failed"],
            "properties": {
              "succeeded": {"type": "integer", "minimum": 0},
              "unchanged": {"type": "integer", "minimum": 0},
              "failed": {"type": "integer", "minimum": 0}
            },
            "additionalProperties": false
          },
          "reloads": {
            "type": "object",
            "required": ["succeeded", "failed"],
            "properties": {
              "succeeded": {"type": "integer", "minimum": 0},
              "failed": {"type": "integer", "minimum": 0}
            },
            "additionalProperties": false
          },
          "outputs": {
            "type": "object",
            "required": ["key", "cert", "chain", "fullchain", "combined"],
            "properties": {
              "key": {"type": "string"},
              "cert": {"type": "string"},
              "chain": {"type": "string"},
              "fullchain": {"type": "string"},
              "combined": {"type": ["string", "null"]}
            },
            "additionalProperties": false
          }
        },
        "additionalProperties": false
      },
      "Identity": {
        "type": "object",
        "required": [
          "name",
          "state",
          "problem",
          "advice",
          "certificate",
          "renew_before_effective_seconds",
          "next_renewal_at",
          "next_attempt_at",
          "renewing",
          "consecutive_failures",
          "last_error",
          "last_success_at"
        ],
        "properties": {
          "name": {"type": "string"},
          "state": {
            "enum": [
              "unknown",
              "not_enrolled",
              "identity_unusable",
              "identity_expired",
              "valid",
              "expiring"
            ]
          },
          "problem": {"type": ["string", "null"]},
          "advice": {"type": ["string", "null"]},
          "certificate": {
            "oneOf": [
              {
                "type": "object",
                "required": ["subject", "serial", "issuer", "not_before", "not_after"],
                "properties": {
                  "subject": {"type": "string"},
                  "serial": {"type": "string"},
                  "issuer": {"type": "string"},
                  "not_before": {"$ref": "#/components/schemas/Time"},
                  "not_after": {"$ref": "#/components/schemas/Time"}
                },
                "additionalProperties": false
              },
              {"type": "null"}
            ]
          },
          "renew_before_effective_seconds": {"type": ["number", "null"]},
          "next_renewal_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "next_attempt_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "renewing": {"type": "boolean"},
          "consecutive_failures": {"type": "integer", "minimum": 0},
          "last_error": {"oneOf": [{"$ref": "#/components/schemas/RecordedError"}, {"type": "null"}]},
          "last_success_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]}
        },
        "additionalProperties": false
      },
      "Clock": {
        "type": "object",
        "description": "Whether this host's clock can be believed. While it is clock_suspect the broker's time counts.",
        "required": ["state", "skew_seconds", "advice", "next_question_at"],
        "properties": {
          "state": {"enum": ["ok", "clock_unconfirmed", "clock_suspect"]},
          "skew_seconds": {
            "type": ["number", "null"],
            "description": "Against the broker's clock, positive when ahead; null while unknown."
          },
          "advice": {"type": ["string", "null"]},
          "next_question_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]}
        },
        "additionalProperties": false
      },
      "BrokerEndpoint": {
        "type": "object",
        "required": [
          "url",
          "state",
          "last_contact_at",
          "last_success_at",
          "last_error",
          "next_probe_at"
        ],
        "properties": {
          "url": {"type": "string"},
          "state": {"enum": ["unknown", "reachable", "unreachable", "paused"]},
          "last_contact_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "last_success_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "last_error": {"oneOf": [{"$ref": "#/components/schemas/RecordedError"}, {"type": "null"}]},
          "next_probe_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]}
        },
        "additionalProperties": false
      },
      "Broker": {
        "type": "object",
        "description": "All brokers taken together, and each of them.",
        "required": [
          "state",
          "endpoint",
          "last_contact_at",
          "last_success_at",
          "last_error",
          "next_probe_at",
          "endpoints"
        ],
        "properties": {
          "state": {"enum": ["unknown", "reachable", "unreachable", "paused"]},
          "endpoint": {
            "type": ["string", "null"],
            "description": "The broker that the next order goes to, unless an earlier one of its certificate may lie elsewhere."
          },
          "endpoints": {"type": "array", "items": {"$ref": "#/components/schemas/BrokerEndpoint"}},
          "last_contact_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "last_success_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "last_error": {"oneOf": [{"$ref": "#/components/schemas/RecordedError"}, {"type": "null"}]},
          "next_probe_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]}
        },
        "additionalProperties": false
      },
      "Status": {
        "type": "object",
        "required": ["taken_at", "agent", "identity", "broker", "clock", "counts", "certificates"],
        "properties": {
          "taken_at": {"$ref": "#/components/schemas/Time"},
          "agent": {
            "type": "object",
            "required": [
              "version",
              "pid",
              "started_at",
              "config",
              "last_tick_at",
              "clock_skew_seconds",
              "stopping"
            ],
            "properties": {
              "version": {"type": "string"},
              "pid": {"type": "integer", "minimum": 0},
              "started_at": {"$ref": "#/components/schemas/Time"},
              "config": {
                "type": "object",
                "required": ["path", "sha256", "loaded_at", "last_reload_succeeded", "last_reload_at"],
                "properties": {
                  "path": {"type": "string"},
                  "sha256": {"type": "string"},
                  "loaded_at": {"$ref": "#/components/schemas/Time"},
                  "last_reload_succeeded": {"type": "boolean"},
                  "last_reload_at": {
                    "oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]
                  }
                },
                "additionalProperties": false
              },
              "last_tick_at": {"$ref": "#/components/schemas/Time"},
              "clock_skew_seconds": {"type": ["number", "null"]},
              "stopping": {"type": "boolean"}
            },
            "additionalProperties": false
          },
          "identity": {"$ref": "#/components/schemas/Identity"},
          "broker": {"$ref": "#/components/schemas/Broker"},
          "clock": {"$ref": "#/components/schemas/Clock"},
          "counts": {
            "type": "object",
            "required": [
              "unknown",
              "renewing",
              "expired",
              "missing",
              "failing",
              "waiting",
              "expiring",
              "reload_pending",
              "valid"
            ],
            "properties": {
              "unknown": {"type": "integer", "minimum": 0},
              "renewing": {"type": "integer", "minimum": 0},
              "expired": {"type": "integer", "minimum": 0},
              "missing": {"type": "integer", "minimum": 0},
              "failing": {"type": "integer", "minimum": 0},
              "waiting": {"type": "integer", "minimum": 0},
              "expiring": {"type": "integer", "minimum": 0},
              "reload_pending": {"type": "integer", "minimum": 0},
              "valid": {"type": "integer", "minimum": 0}
            },
            "additionalProperties": false
          },
          "certificates": {"type": "array", "items": {"$ref": "#/components/schemas/Certificate"}}
        },
        "additionalProperties": false
      },
      "ConfigurationFault": {
        "type": "object",
        "required": ["line", "column", "key", "message", "hint"],
        "properties": {
          "line": {
            "type": ["integer", "null"],
            "minimum": 1,
            "description": "Null for the file as a whole."
          },
          "column": {"type": ["integer", "null"], "minimum": 1},
          "key": {"type": "string", "description": "Like certificates[2].dns_names[0]."},
          "message": {"type": "string"},
          "hint": {"type": "string"}
        },
        "additionalProperties": false
      },
      "HistoryEntry": {
        "type": "object",
        "required": [
          "at",
          "event",
          "count",
          "first_at",
          "renewal",
          "reason",
          "serial",
          "not_after",
          "stage",
          "class",
          "detail"
        ],
        "properties": {
          "at": {"$ref": "#/components/schemas/Time"},
          "event": {
            "enum": [
              "requested",
              "reload_requested",
              "installed",
              "unchanged",
              "failed",
              "reloaded",
              "reload_failed",
              "rebuilt",
              "rebuild_failed",
              "budget_spent"
            ]
          },
          "count": {"type": "integer", "minimum": 1, "description": "How many times in a row."},
          "first_at": {"$ref": "#/components/schemas/Time"},
          "renewal": {"type": ["string", "null"]},
          "reason": {
            "enum": [
              "missing",
              "unreadable",
              "key_missing",
              "key_mismatch",
              "names_changed",
              "key_type_changed",
              "incomplete",
              "requested",
              "expiring",
              null
            ]
          },
          "serial": {"type": ["string", "null"]},
          "not_after": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "stage": {"enum": ["key", "csr", "order", "checks", "install", "reload", "verify", null]},
          "class": {"type": ["string", "null"]},
          "detail": {"type": ["string", "null"], "description": "What failed, or why somebody asked."}
        },
        "additionalProperties": false
      },
      "History": {
        "type": "object",
        "required": ["certificate", "events"],
        "properties": {
          "certificate": {"type": "string"},
          "events": {
            "type": "array",
            "maxItems": 32,
            "items": {"$ref": "#/components/schemas/HistoryEntry"}
          }
        },
        "additionalProperties": false
      },
      "Batch": {
        "type": "object",
        "required": [
          "id",
          "kind",
          "state",
          "done",
          "request_reason",
          "requested_at",
          "ended_at",
          "counts",
          "renewals",
          "refused"
        ],
        "properties": {
          "id": {"type": "string"},
          "kind": {"const": "batch"},
          "state": {
            "enum": ["running", "succeeded", "failed"],
            "description": "Failed, once all have ended, if one did or was refused."
          },
          "done": {"type": "boolean"},
          "request_reason": {"type": ["string", "null"]},
          "requested_at": {"$ref": "#/components/schemas/Time"},
          "ended_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "counts": {
            "type": "object",
            "required": [
              "queued",
              "running",
              "reloading",
              "succeeded",
              "unchanged",
              "failed",
              "reload_failed",
              "abandoned"
            ],
            "properties": {
              "queued": {"type": "integer", "minimum": 0},
              "running": {"type": "integer", "minimum": 0},
              "reloading": {"type": "integer", "minimum": 0},
              "succeeded": {"type": "integer", "minimum": 0},
              "unchanged": {"type": "integer", "minimum": 0},
              "failed": {"type": "integer", "minimum": 0},
              "reload_failed": {"type": "integer", "minimum": 0},
              "abandoned": {"type": "integer", "minimum": 0}
            },
            "additionalProperties": false
          },
          "renewals": {"type": "array", "items": {"$ref": "#/components/schemas/Renewal"}},
          "refused": {
            "type": "array",
            "description": "Those whose order budget is spent.",
            "items": {
              "type": "object",
              "required": ["certificate", "type", "retry_after_seconds"],
              "properties": {
                "certificate": {"type": "string"},
                "type": {"type": "string", "format": "uri"},
                "retry_after_seconds": {"type": "number", "minimum": 0}
              },
              "additionalProperties": false
            }
          }
        },
        "additionalProperties": false
      },
      "BatchRequest": {
        "oneOf": [
          {
            "type": "object",
            "required": ["certificates"],
            "properties": {
              "certificates": {
                "type": "array",
                "minItems": 1,
                "maxItems": 200,
                "items": {"type": "string", "minLength": 1, "maxLength": 255}
              },
              "reason": {
                "type": "string",
                "maxLength": 200,
                "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
              },
              "reload": {
                "type": "boolean",
                "default": true,
                "description": "Run the reload command after the install."
              },
              "rotate_key": {
                "type": "boolean",
                "default": false,
                "description": "Change the key even if it is kept otherwise."
              },
              "over_budget": {
                "type": "boolean",
                "default": false,
                "description": "Go on although the order budget is spent."
              }
            },
            "additionalProperties": false
          },
          {
            "type": "object",
            "required": ["all"],
            "properties": {
              "all": {"const": true},
              "reason": {
                "type": "string",
                "maxLength": 200,
                "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
              },
              "reload": {
                "type": "boolean",
                "default": true,
                "description": "Run the reload command after the install."
              },
              "rotate_key": {
                "type": "boolean",
                "default": false,
                "description": "Change the key even if it is kept otherwise."
              },
              "over_budget": {
                "type": "boolean",
                "default": false,
                "description": "Go on although the order budget is spent."
              }
            },
            "additionalProperties": false
          },
          {
            "type": "object",
            "required": ["due"],
            "properties": {
              "due": {"const": true, "description": "Those that are due for a reason of their own."},
              "reason": {
                "type": "string",
                "maxLength": 200,
                "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
              },
              "reload": {
                "type": "boolean",
                "default": true,
                "description": "Run the reload command after the install."
              },
              "rotate_key": {
                "type": "boolean",
                "default": false,
                "description": "Change the key even if it is kept otherwise."
              },
              "over_budget": {
                "type": "boolean",
                "default": false,
                "description": "Go on although the order budget is spent."
              }
            },
            "additionalProperties": false
          }
        ]
      },
      "ConfigurationReload": {
        "type": "object",
        "required": [
          "id",
          "ended_at",
          "changed_anything",
          "certificates",
          "settings",
          "restart_required"
        ],
        "properties": {
          "id": {"type": "string"},
          "ended_at": {"$ref": "#/components/schemas/Time"},
          "changed_anything": {"type": "boolean"},
          "certificates": {
            "type": "object",
            "required": ["added", "changed", "removed"],
            "properties": {
              "added": {"type": "array", "items": {"type": "string"}},
              "changed": {"type": "array", "items": {"type": "string"}},
              "removed": {"type": "array", "items": {"type": "string"}}
            },
            "additionalProperties": false
          },
          "settings": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Keys outside certificates whose new value is in force."
          },
          "restart_required": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Keys whose new value counts after a restart."
          }
        },
        "additionalProperties": false
      },
      "Empty": {"type": "object", "additionalProperties": false}
    }
  }
}

"""#
