/**
 * What osquery and its extensions say to each other: TBinaryProtocol, strict, unframed, one request per connection.
 *
 * Names, field numbers and types are those of osquery's interface; the comments are ours. `npm run generate:thrift`
 * turns this file into extension/sdk/generated.
 */

/** A plugin call's arguments, and one row of its answer: everything is text. */
typedef map<string, string> ExtensionPluginRequest
typedef list<map<string, string>> ExtensionPluginResponse

/** Given by osquery at registration: a random number of 16 bits, part of the extension's socket name. */
typedef i64 ExtensionRouteUUID

/** Plugins of one registry by name, each with its routes: the columns of a table, nothing for other plugins. */
typedef map<string, ExtensionPluginResponse> ExtensionRouteTable

/** Route tables by registry: table, logger, config, distributed. */
typedef map<string, ExtensionRouteTable> ExtensionRegistry

/** A flag of osquery as it is set. */
struct InternalOptionInfo {
  1: string value
  2: string default_value
  3: string type
}

typedef map<string, InternalOptionInfo> InternalOptionList

/** An extension as it introduces itself. */
struct InternalExtensionInfo {
  1: string name
  2: string version
  3: string sdk_version
  4: string min_sdk_version
}

typedef map<ExtensionRouteUUID, InternalExtensionInfo> InternalExtensionList

enum ExtensionCode {
  EXT_SUCCESS = 0
  EXT_FAILED = 1
  EXT_FATAL = 2
}

/** Outcome of a call. A logger's `features` answers with a bit mask in `code`. */
struct ExtensionStatus {
  1: i32 code
  2: string message
  3: ExtensionRouteUUID uuid
}

struct ExtensionResponse {
  1: ExtensionStatus status
  2: ExtensionPluginResponse response
}

exception ExtensionException {
  1: i32 code
  2: string message
  3: ExtensionRouteUUID uuid
}

/** Arguments of `call` as a structure: on the wire they are the same, and a server can read them before it answers. */
struct ExtensionCall {
  1: string registry
  2: string item
  3: ExtensionPluginRequest request
}

/** Arguments of `query` and `getQueryColumns`, for the same reason. */
struct ExtensionQuery {
  1: string sql
}

/** Both sides serve this. */
service Extension {
  ExtensionStatus ping()
  ExtensionResponse call(1: string registry, 2: string item, 3: ExtensionPluginRequest request)
  void shutdown()
}

/** osquery alone serves this. */
service ExtensionManager extends Extension {
  InternalExtensionList extensions()
  InternalOptionList options()
  ExtensionStatus registerExtension(1: InternalExtensionInfo info, 2: ExtensionRegistry registry)
  ExtensionStatus deregisterExtension(1: ExtensionRouteUUID uuid)
  ExtensionResponse query(1: string sql)
  ExtensionResponse getQueryColumns(1: string sql)
}
