// What a request to each service may look like.

const examples = {
  "config": { operation: "config" },
  "flow": { operation: "list-flows" },
  "librarian": { operation: "list-documents", user: "trustgraph" },
  "knowledge": { operation: "list-kg-cores", user: "trustgraph" },
  "collection-management": { operation: "list-collections", user: "trustgraph" },
  "text-completion": { system: "You are a helpful assistant.", prompt: "What is a message queue?", streaming: true },
  "prompt": { id: "question", variables: { question: "What is a message queue?" }, streaming: true },
  "agent": { question: "What is a message queue?", streaming: true },
  "mcp-tool": { name: "tool", parameters: {} },
  "graph-rag": { query: "What is a message queue?", streaming: true },
  "document-rag": { query: "What is a message queue?", streaming: true },
  "embeddings": { text: "a message queue" },
  "graph-embeddings": { vectors: [[0.1, 0.2]], limit: 10 },
  "triples": { limit: 10 },
  "objects": { query: "{ __typename }" },
  "nlp-query": { question: "How many documents are there?" },
  "structured-query": { question: "How many documents are there?" },
  "structured-diag": { operation: "detect-type", sample: "a,b\n1,2\n" },
  "text-load": { id: "doc1", text: "A text in plain UTF-8.", encoding: "plain" },
  "document-load": { id: "doc1", data: btoa("a document") },
};

export function exampleFor(service) {
  return JSON.stringify(examples[service] ?? {}, null, 2);
}
