// swift-format-ignore-file
/// openapi/openapi.json byte for byte, written by scripts/embed-openapi.
let openAPIDocument = #"""
{
  "openapi": "3.1.0",
  "info": {
    "title": "certplane-agent local API",
    "version": "1",
    "description": "The agent's API on loopback. Reading is open to the users of the host; changes over TCP need the bearer token of api.token_file. HEAD works wherever GET does, OPTIONS everywhere. Names in paths are percent-decoded once.",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}
  },
  "servers": [{"url": "http://127.0.0.1:9780"}],
  "security": [],
  "paths": {
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
        }
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
        }
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
        }
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
            "schema": {"type": "string"},
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
              }
            }
          }
        }
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
        }
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
        }
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
          "202": {
            "description": "A renewal is queued, or joined if one was waiting or running.",
            "headers": {
              "Location": {
                "description": "Where to follow the renewal.",
                "schema": {"type": "string"},
                "example": "/v1/renewals/5c1d-7"
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
          "415": {
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
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {
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
          "503": {
            "description": "The agent is stopping, or its token file can't be used.",
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
          }
        }
      }
    },
    "/v1/renewals/{id}": {
      "parameters": [
        {
          "name": "id",
          "in": "path",
          "required": true,
          "schema": {"type": "string"},
          "example": "5c1d-7"
        }
      ],
      "get": {
        "operationId": "getRenewal",
        "summary": "How far a renewal is, or how it ended",
        "responses": {
          "200": {
            "description": "One of the newest 256.",
            "content": {
              "application/json": {
                "schema": {"$ref": "#/components/schemas/Renewal"},
                "example": {
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
        }
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
                      "last_reload_succeeded": true
                    },
                    "last_tick_at": "2026-11-23T10:00:00Z",
                    "clock_skew_seconds": 0.2,
                    "stopping": false
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
                    "last_contact_at": "2026-11-23T10:00:00Z",
                    "last_success_at": "2026-11-23T10:00:00Z",
                    "last_error": null,
                    "next_probe_at": null
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
        }
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
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        "example": "www"
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
      }
    },
    "schemas": {
      "Time": {"type": "string", "format": "date-time", "description": "RFC 3339, UTC."},
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
          "errors": {"type": "array", "items": {"type": "string"}}
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
                "name": {"enum": ["configuration", "identity", "certificate", "reload"]},
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
          "current_renewal",
          "reload",
          "served_matches",
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
      "Broker": {
        "type": "object",
        "required": ["state", "last_contact_at", "last_success_at", "last_error", "next_probe_at"],
        "properties": {
          "state": {"enum": ["unknown", "reachable", "unreachable", "paused"]},
          "last_contact_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "last_success_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
          "last_error": {"oneOf": [{"$ref": "#/components/schemas/RecordedError"}, {"type": "null"}]},
          "next_probe_at": {"oneOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]}
        },
        "additionalProperties": false
      },
      "Status": {
        "type": "object",
        "required": ["taken_at", "agent", "identity", "broker", "counts", "certificates"],
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
                "required": ["path", "sha256", "loaded_at", "last_reload_succeeded"],
                "properties": {
                  "path": {"type": "string"},
                  "sha256": {"type": "string"},
                  "loaded_at": {"$ref": "#/components/schemas/Time"},
                  "last_reload_succeeded": {"type": "boolean"}
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
      }
    }
  }
}

"""#
