public import BattenCore

/// The JSON Schema (2020-12) of the workflow language, for editors and other tools.
///
/// It holds what a schema can say: fields, types, words and shapes. References, types of expressions and the graph are
/// checked by ``WorkflowReader`` alone.
public enum LanguageSchema {
    /// The schema as data.
    public static let schema: JSONValue = {
        var schema = parsed(workflow).objectValue ?? JSONObject()
        schema["$defs"] = parsed(definitions)
        return .object(schema)
    }()

    private static func parsed(_ text: String) -> JSONValue { (try? JSONReader.parse(text)) ?? .null }

    /// The fields of a workflow.
    private static let workflow = #"""
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "title": "Batten workflow",
          "description": "A workflow of Batten, as YAML or JSON.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "name": {
              "type": "string",
              "description": "Name of the workflow: 1 to 64 lower-case letters, digits, '_' and '-'."
            },
            "version": {
              "type": ["string", "number", "boolean"],
              "description": "Version text; 1.0.0 when not written."
            },
            "description": {"type": "string", "description": "What the workflow is for."},
            "tags": {
              "type": "array",
              "items": {"type": "string", "minLength": 1},
              "uniqueItems": true,
              "description": "Free labels."
            },
            "parameters": {
              "type": "object",
              "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"},
              "additionalProperties": {
                "type": "object",
                "required": ["type"],
                "additionalProperties": false,
                "properties": {
                  "type": {"enum": ["string", "integer", "number", "boolean", "array", "object"]},
                  "default": {},
                  "description": {"type": "string"},
                  "title": {},
                  "examples": {},
                  "enum": {},
                  "const": {},
                  "minimum": {},
                  "maximum": {},
                  "exclusiveMinimum": {},
                  "exclusiveMaximum": {},
                  "multipleOf": {},
                  "minLength": {},
                  "maxLength": {},
                  "pattern": {},
                  "format": {},
                  "items": {},
                  "prefixItems": {},
                  "contains": {},
                  "minItems": {},
                  "maxItems": {},
                  "uniqueItems": {},
                  "properties": {},
                  "required": {"type": "array", "items": {"type": "string"}},
                  "additionalProperties": {},
                  "patternProperties": {},
                  "propertyNames": {},
                  "minProperties": {},
                  "maxProperties": {},
                  "anyOf": {},
                  "oneOf": {},
                  "allOf": {},
                  "not": {}
                }
              },
              "description": "Typed parameters; one without a default is required."
            },
            "env": {"$ref": "#/$defs/env"},
            "secrets": {
              "type": "array",
              "items": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
              "uniqueItems": true,
              "description": "Names of the secrets that the workflow reads."
            },
            "agents": {
              "type": "object",
              "additionalProperties": {
                "type": "object",
                "properties": {
                  "model": {"type": "string"},
                  "system": {"type": "string"},
                  "temperature": {"type": "number", "minimum": 0}
                }
              },
              "description": "Named roles for stages that talk to a language model."
            },
            "budget": {"$ref": "#/$defs/budget"},
            "max_parallel": {
              "type": "integer",
              "minimum": 1,
              "maximum": 1000000,
              "description": "Stages at once in one run."
            },
            "timeout": {"$ref": "#/$defs/duration", "description": "Bound on the whole run."},
            "concurrency": {
              "anyOf": [
                {"type": "string"},
                {
                  "type": "object",
                  "required": ["group"],
                  "additionalProperties": false,
                  "properties": {
                    "group": {"type": "string", "minLength": 1},
                    "on_conflict": {"enum": ["queue", "skip", "fail", "cancel_running"]}
                  }
                }
              ],
              "description": "A group in which runs exclude one another."
            },
            "defaults": {
              "type": "object",
              "description": "Values that stages inherit.",
              "additionalProperties": false,
              "properties": {
                "timeout": {"$ref": "#/$defs/duration"},
                "retry": {"$ref": "#/$defs/retry"},
                "on_failure": {"$ref": "#/$defs/on_failure"},
                "env": {"$ref": "#/$defs/env"}
              }
            },
            "outputs": {
              "type": "object",
              "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"},
              "additionalProperties": {
                "if": {"type": "object"},
                "then": {
                  "type": "object",
                  "required": ["value"],
                  "additionalProperties": false,
                  "properties": {
                    "type": {"enum": ["string", "integer", "number", "boolean", "array", "object"]},
                    "value": {},
                    "description": {"type": "string"}
                  }
                }
              },
              "description": "What the run gives to whoever started it."
            },
            "schedule": {
              "type": "array",
              "items": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                  "cron": {"type": "string"},
                  "every": {"$ref": "#/$defs/duration"},
                  "at": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]"},
                  "timezone": {"type": "string"},
                  "overlap": {"enum": ["skip", "queue", "queue_one", "cancel_running", "allow"]},
                  "catch_up": {"enum": ["none", "last", "all"]},
                  "window": {"$ref": "#/$defs/duration"},
                  "start": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]"},
                  "end": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]"},
                  "jitter": {"$ref": "#/$defs/duration"},
                  "parameters": {"type": "object"},
                  "pause_after": {"type": "integer", "minimum": 1, "maximum": 1000000},
                  "name": {"type": "string"},
                  "description": {"type": "string"}
                },
                "oneOf": [{"required": ["cron"]}, {"required": ["every"]}, {"required": ["at"]}]
              },
              "description": "When runs start by themselves."
            },
            "on": {
              "if": {"type": "array"},
              "then": {"items": {"$ref": "#/$defs/trigger"}},
              "else": {"$ref": "#/$defs/trigger"},
              "description": "What else starts runs: files, ends of other workflows, events."
            },
            "context": {"$ref": "#/$defs/context"},
            "stages": {
              "type": "array",
              "minItems": 1,
              "items": {"$ref": "#/$defs/stage"},
              "description": "The stages."
            },
            "finally": {
              "type": "array",
              "items": {"$ref": "#/$defs/stage"},
              "description": "Stages run at the end of every run."
            },
            "hooks": {
              "type": "object",
              "description": "Stages run when something happens to the run.",
              "additionalProperties": false,
              "properties": {
                "on_start": {"type": "array", "items": {"$ref": "#/$defs/stage"}},
                "on_success": {"type": "array", "items": {"$ref": "#/$defs/stage"}},
                "on_failure": {"type": "array", "items": {"$ref": "#/$defs/stage"}},
                "on_waiting": {"type": "array", "items": {"$ref": "#/$defs/stage"}},
                "on_recovery": {"type": "array", "items": {"$ref": "#/$defs/stage"}}
              }
            },
            "steps": {
              "type": "array",
              "items": {"$ref": "#/$defs/step"},
              "description": "Agent workflow: steps in place of stages."
            }
          },
          "oneOf": [
            {
              "required": ["name", "stages"],
              "properties": {"name": {"pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"}},
              "not": {"required": ["steps"]}
            },
            {"required": ["steps"], "not": {"required": ["stages"]}}
          ]
        }
        """#
}
