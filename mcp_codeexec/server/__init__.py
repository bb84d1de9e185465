"""The MCP face: three tools, their texts and schemas, and the stdio entry."""
