// Starts Swagger UI and turns its English chrome into Chinese, since it has no translations of its own.
// Only the words of Swagger UI change, never what the API document, a server or the reader says.
"use strict";
(() => {
  // Whole phrases without surrounding space. To translate one more, add it here.
  const PHRASES = new Map(Object.entries({
    // page
    "Servers": "服务器", "Computed URL:": "实际地址：", "Server variables": "服务器变量",
    "Filter by tag": "按标签筛选", "Terms of service": "服务条款", "Find more details": "更多资料",
    "Webhooks": "事件推送（Webhook）", "Copy to clipboard": "复制",
    "Expand operation": "展开", "Collapse operation": "收起",
    // authorization
    "Authorize": "授权", "Authorized": "已授权", "Available authorizations": "可用的授权方式",
    "Logout": "退出授权", "Close": "关闭",
    "Value:": "值：", "Name:": "名称：", "In:": "位置：", "Username:": "用户名：", "Password:": "密码：",
    "Apply credentials": "提交凭证", "Remove authorization": "清除授权",
    "authorization button locked": "已授权，点击查看", "authorization button unlocked": "未授权，点击授权",
    "Token URL:": "令牌地址：", "Flow:": "授权流程：", "username:": "用户名：", "password:": "密码：",
    "Client credentials location:": "客户端凭证放在：", "Authorization header": "请求头",
    "Scopes are used to grant an application different levels of access to data on behalf of the end user. Each API may declare one or more scopes.": "用户名和密码换取令牌。",
    "API requires the following scopes. Select which ones you want to grant to Swagger UI.": "本服务的权限依角色而定，无须选择范围。",
    "auth": "授权", "error": "出错", "auth error": "授权出错", "basic": "请求头", "request-body": "请求体",
    "auth-bearer-value": "令牌", "auth-basic-username": "用户名", "auth-basic-password": "密码",
    // operation
    "Try it out": "试一试", "Cancel": "取消", "Reset": "重置", "Execute": "执行", "Clear": "清除",
    "Warning: Deprecated": "注意：已弃用", "Callbacks": "回调", "No callbacks": "无回调",
    "Parameters": "参数", "No parameters": "无参数", "Name": "名称", "Description": "说明",
    "Request body": "请求体", "Request content type": "请求体类型", "Send empty value": "发送空值",
    "Extensions": "扩展信息", "Field": "字段", "Value": "值", "x-permission": "所需权限（x-permission）",
    // examples
    "Example Value": "示例值", "Edit Value": "编辑值", "Example Description": "示例说明",
    "Examples": "示例", "Examples:": "示例：", "[Modified value]": "［已修改］",
    "Example values are not available for": "没有示例，请求体类型为", "media types.": "。",
    // responses
    "Responses": "响应", "Server response": "服务器响应", "Curl": "Curl 命令", "Request URL": "请求地址",
    "Code": "状态码", "Details": "详情", "Undocumented": "文档未列出",
    "Response body": "响应体", "Response headers": "响应头", "Request duration": "请求耗时",
    "Response content type": "响应体类型", "Media type": "媒体类型", "Media Type": "媒体类型",
    "Controls": "决定请求头", "header.": "的值。", "Headers:": "响应头：", "Type": "类型",
    "Links": "链接", "No links": "无链接", "Download": "下载", "Download file": "下载文件",
    "Unrecognized response type; displaying content as text.": "无法识别响应类型，按文本显示。",
    "Unrecognized response type; unable to display.": "无法识别响应类型，不能显示。",
    // schemas
    "Schema": "结构", "Schemas": "数据结构", "Expand all": "全部展开", "Collapse all": "全部收起",
    "deprecated": "已弃用", "read-only": "只读", "write-only": "只写",
    "Enum": "可选值", "Const": "固定值", "Default": "默认值", "Example": "示例", "Not": "不得为",
    "One of": "其中之一", "Any of": "任意一种", "All of": "同时满足",
    "Items": "数组元素", "Prefix items": "前几个元素", "Contains": "须含元素", "unique": "不重复",
    "Additional properties": "其他属性", "Property names": "属性名", "Discriminator": "类型区分字段",
    "External documentation": "外部文档", "allowed": "允许", "forbidden": "不允许",
    "empty array": "空数组", "empty object": "空对象", "Extension Keywords": "扩展信息",
    // faults
    "Errors": "错误", "Hide": "隐藏", "Show": "显示", "Fetch error": "读取出错",
    "Failed to load API definition.": "接口文档加载失败。", "No API definition provided.": "没有接口文档。",
    "Unable to render this definition": "接口文档无法显示",
    "Please correct the following validation errors and try again.": "请改正以下错误后重试。",
  }));

  // What is too common or too variable for the table, each inside its own elements only.
  // No result may match its own rule again, or the observer would never come to rest.
  const RULES = [
    [".auth-container .errors *", [[/^Error: .*description: (.+)$/, "$1"], [/^Error: Failed to fetch.*$/, "无法连接服务器"]]],
    [".parameter__in", [[/^query$/, "查询参数"], [/^path$/, "路径参数"], [/^header$/, "请求头"]]],
    [".json-schema-form-item-add", [[/^Add$/, "添加"], [/^item$/, "项"]]],
    [".info__contact a", [[/^- Website$/, "网站"], [/^(?:Send email to|Contact) (.+)$/, "联系$1"]]],
    [".json-schema-2020-12__constraint", [
      [/^([^a-z]+) characters$/, "$1 个字符"],
      [/^([^a-z]+) unique items$/, "$1 项且不重复"],
      [/^([^a-z]+) items$/, "$1 项"],
      [/^([^a-z]+) properties$/, "$1 个属性"],
      [/^matches (?=\S)/, "匹配 "],
      [/^multiple of (.+)$/, "$1 的倍数"],
    ]],
    [".errors-wrapper .message", [
      [/^Failed to fetch (?=\S)/, "无法连接服务器："],
      [/^([ -~]+) (\S+)$/, "服务器未能给出文档（$1）：$2"],
    ]],
    [".validation-errors li, input, textarea, select", [
      [/^For '(.+?)' at path '(.+?)': (.+)\.$/, "$1 $2：$3"],
      [/^For '(.+?)': (.+)\.$/, "$1：$2"],
      [/Required field is not provided$/, "必填项未填写"],
      [/Required property not found$/, "缺少必填属性"],
      [/Value must be less than or equal to /, "不得大于 "],
      [/Value must be greater than or equal to /, "不得小于 "],
      [/Value must be no longer than (\d+) characters?/, "不得多于 $1 个字符"],
      [/Value must be at least (\d+) characters?/, "不得少于 $1 个字符"],
      [/Array must contain at least (\d+) items?/, "不得少于 $1 项"],
      [/Array must not contain more then (\d+) items?/, "不得多于 $1 项"],
      [/No duplicates allowed\./, "不得重复"],
      [/Value must follow pattern /, "须匹配 "],
      [/Value must be an integer$/, "须为整数"],
      [/Value must be a number$/, "须为数字"],
      [/Value must be a DateTime$/, "须为日期时间"],
      [/Value must be a Guid$/, "须为 UUID"],
      [/Parameter string value must be valid JSON$/, "须为有效的 JSON"],
    ]],
  ];

  // Labels that Swagger UI mixes into markdown, where the observer does not look.
  const LABELS = [
    [/^<i>Available values<\/i> : /, "<i>可选值</i>："],
    [/^<i>Default value<\/i> : /, "<i>默认值</i>："],
    [/^<i>Example<\/i> : /, "<i>示例</i>："],
  ];

  // What comes from the API document, from a server or from the reader.
  const CONTENT = [
    ".renderedMarkdown", ".microlight", "pre:not(.errors-wrapper)", "code", "textarea",
    "select:not(.examples-select-element) > option", ".info hgroup.main", ".info__summary",
    ".info__license", ".info__extdocs", ".opblock-external-docs", ".opblock-tag .nostyle",
    ".opblock-summary-path", ".opblock-summary-path__deprecated", ".opblock-summary-description",
    "div.parameter__name", ".parameter__extension", ".response__extension", ".headers tbody",
    ".json-schema-2020-12-json-viewer__children", ".json-schema-2020-12-json-viewer__value",
    ".json-schema-2020-12-keyword__value",
  ].join();
  // The name of a property is content too, but a keyword such as "Items" may stand inside one.
  const NAME = ".json-schema-2020-12__title";
  const ATTRIBUTES = ["title", "placeholder", "aria-label"];

  const apply = (rules, text) => rules.reduce((said, [from, to]) => said.replace(from, to), text);

  function chinese(text, element) {
    const words = text.trim();
    if (!words) return text;
    const rules = RULES.find(([selector]) => element.matches(selector))?.[1] ?? [];
    const said = PHRASES.get(words) ?? apply(rules, words);
    return said === words ? text : text.replace(words, () => said);
  }

  // Changed in place, and only when it differs: React keeps the nodes it knows.
  function translateText(node) {
    const parent = node.parentElement;
    if (!parent || parent.matches(NAME)) return;
    const said = chinese(node.nodeValue, parent);
    if (said !== node.nodeValue) node.nodeValue = said;
  }

  function translateAttributes(element) {
    for (const name of ATTRIBUTES) {
      const value = element.getAttribute(name);
      // Any other placeholder is the name of a parameter.
      if (!value || (name === "placeholder" && !element.matches(".operation-filter-input"))) continue;
      const said = chinese(value, element);
      if (said !== value) element.setAttribute(name, said);
    }
  }

  const filter = (node) => node.nodeType === Node.ELEMENT_NODE && node.matches(CONTENT)
    ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT;

  function translate(root) {
    const element = root.nodeType === Node.ELEMENT_NODE ? root : root.parentElement;
    if (!element || element.closest(CONTENT)) return;
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, filter);
    for (let node = root; node; node = walker.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) translateText(node);
      else if (node.nodeType === Node.ELEMENT_NODE) translateAttributes(node);
    }
  }

  const page = document.getElementById("swagger-ui");
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "childList") addedNodes.forEach(translate);
      else if (type === "attributes") translateAttributes(target);
      else translate(target);
    }
  }).observe(page, { subtree: true, childList: true, characterData: true, attributeFilter: ATTRIBUTES });

  // Of a failed call Swagger UI shows HTTP's reason phrase or a guess, both in English.
  function failure({ statusCode, message }) {
    if (statusCode) return `请求未成功，状态码 ${statusCode}。`;
    const unreachable = /Failed to fetch|Load failed|NetworkError/.test(message);
    return unreachable ? "请求失败：无法连接服务器，或被浏览器拦截。" : message;
  }

  const chinesePlugin = () => ({
    statePlugins: { auth: { wrapActions: {
      // What is remembered beyond this page is the access token, never what it was got with or could be renewed with.
      authorizeOauth2WithPersistOption: (next) => ({ auth, token }) =>
        next({ auth: { ...auth, password: "", clientSecret: "" }, token: { ...token, refresh_token: "" } }),
    } }, spec: { wrapActions: {
      setResponse: (next) => (path, method, response) => {
        if (response.err) Object.assign(response.err, { name: "", message: failure(response.err) });
        return next(path, method, response);
      },
    } } },
    wrapComponents: {
      Markdown: (Original, { React }) => (props) =>
        React.createElement(Original, { ...props, source: props.source && apply(LABELS, props.source) }),
    },
  });

  SwaggerUIBundle({
    domNode: page,
    url: "../openapi.json",
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    plugins: [SwaggerUIBundle.plugins.DownloadUrl, chinesePlugin],
    layout: "StandaloneLayout",
    validatorUrl: null, // its badge would ask a server outside
    deepLinking: true,
    persistAuthorization: true,
    displayRequestDuration: true,
    tryItOutEnabled: true,
    filter: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayOperationId: false,
    showExtensions: true,
  });
})();
